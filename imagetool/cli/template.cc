#include "imagetool/cli/template.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

#include "runtime/base/error.h"
#include "runtime/base/text.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {

using Json = nlohmann::ordered_json;

struct Template::Node {
  enum class Kind { text, value, range, condition } kind = Kind::text;
  std::string text;  // itself, or an expression
  std::string key;   // of a range: variables for what is gone through; empty: none
  std::string item;
  std::vector<Node> body;
  std::vector<Node> otherwise;
};

namespace {

constexpr std::string_view kBlanks = " \t\n";

[[noreturn]] void refuse(const std::string& why) {
  throw UsageError("--format: " + why);
}

// Where the string that begins at `start` with a quote ends, or the group with a parenthesis.
size_t end_of_token(std::string_view text, size_t start) {
  if (text[start] == '"' || text[start] == '`') {
    const size_t end = text.find(text[start], start + 1);
    if (end == std::string_view::npos) refuse("a quote without its end: " + std::string(text));
    return end + 1;
  }
  if (text[start] != '(') return std::min(text.find_first_of(kBlanks, start), text.size());
  for (size_t depth = 0, i = start; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return end_of_token(text, i + 1 < text.size() ? i + 1 : i);
  }
  refuse("a ( without its ): " + std::string(text));
}

// Words, "strings", and (groups) with what follows them without a blank.
std::vector<std::string> tokens_of(std::string_view expression) {
  std::vector<std::string> tokens;
  size_t at = 0;
  while ((at = expression.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const size_t end = end_of_token(expression, at);
    tokens.emplace_back(expression.substr(at, end - at));
    at = end;
  }
  return tokens;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_true(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value != 0;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.empty();
}

const Json& follow(const Json& value, std::string_view path) {
  const Json* place = &value;
  for (const std::string_view name : split(path, '.')) {
    if (name.empty()) continue;
    const auto found = place->is_object() ? place->find(std::string(name)) : place->end();
    if (found == place->end()) throw Error("--format: there is no '" + std::string(path) + "'");
    place = &*found;
  }
  return *place;
}

// What an object has not is empty, as in Go.
Json element(const Json& value, const Json& key) {
  if (value.is_object() && key.is_string()) return value.value(key.get<std::string>(), Json(""));
  if (value.is_array() && key.is_number_unsigned() && key.get<size_t>() < value.size()) {
    return value[key.get<size_t>()];
  }
  throw Error("--format: index: there is no " + text_of(key) + " in " + text_of(value));
}

Json joined(const Json& list, const Json& separator) {
  std::vector<std::string> parts;
  for (const Json& each : list) parts.push_back(text_of(each));
  return join(parts, text_of(separator));
}

}  // namespace

// --- reading -----------------------------------------------------------------------------------

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : rest_(text) {}

  std::vector<Template::Node> parse() {
    std::vector<Template::Node> nodes = parse_nodes();
    if (!action_.empty()) refuse("{{" + action_ + "}} without a range or if before it");
    return nodes;
  }

 private:
  using Node = Template::Node;

  // Up to {{end}} or {{else}}, which is left in action_, or to the end.
  std::vector<Node> parse_nodes() {
    std::vector<Node> nodes;
    for (;;) {
      const size_t start = rest_.find("{{");
      std::string before(rest_.substr(0, start));
      action_ = start == std::string_view::npos ? "" : take_action(start, before);
      if (!before.empty()) nodes.push_back({Node::Kind::text, std::move(before), {}, {}, {}, {}});
      if (action_ == "end" || action_ == "else" || start == std::string_view::npos) return nodes;
      nodes.push_back(parse_action());
    }
  }

  std::string take_action(size_t start, std::string& before) {
    const size_t end = rest_.find("}}", start);
    if (end == std::string_view::npos) refuse("{{ without its }}");
    std::string_view action = rest_.substr(start + 2, end - start - 2);
    rest_.remove_prefix(end + 2);
    if (action.starts_with("- ")) {
      before.resize(before.find_last_not_of(kBlanks) + 1);
      action.remove_prefix(2);
    }
    if (action.ends_with(" -")) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
      action.remove_suffix(2);
    }
    if (trim(action).empty()) refuse("{{}} says nothing");
    return std::string(trim(action));
  }

  Node parse_action() {
    Node node{Node::Kind::value, action_, {}, {}, {}, {}};
    const bool is_range = action_.starts_with("range ");
    if (!is_range && !action_.starts_with("if ")) return node;
    node.kind = is_range ? Node::Kind::range : Node::Kind::condition;
    node.text = trim(std::string_view(action_).substr(is_range ? 6 : 3));
    if (is_range) take_variables(node);
    node.body = parse_nodes();
    if (action_ == "else") node.otherwise = parse_nodes();
    if (action_ != "end")
      refuse("{{" + std::string(is_range ? "range" : "if") + "}} without {{end}}");
    action_.clear();
    return node;
  }

  // "$key, $item := EXPRESSION"
  static void take_variables(Node& node) {
    const size_t assignment = node.text.find(":=");
    if (assignment == std::string::npos) return;
    const std::string names = node.text.substr(0, assignment);
    const size_t comma = names.find(',');
    if (comma != std::string::npos) node.key = trim(std::string_view(names).substr(0, comma));
    node.item = trim(std::string_view(names).substr(comma == std::string::npos ? 0 : comma + 1));
    node.text = trim(std::string_view(node.text).substr(assignment + 2));
  }

  std::string_view rest_;
  std::string action_;
};

Template::Template(std::string_view text) : nodes_(TemplateParser(text).parse()) {}
Template::~Template() = default;

// --- filling -----------------------------------------------------------------------------------

class TemplateEvaluation {
 public:
  explicit TemplateEvaluation(const Json& value) : dot_(value) { variables_["$"] = value; }

  std::string fill(const std::vector<Template::Node>& nodes) {
    std::string text;
    for (const Template::Node& node : nodes) text += fill(node);
    return text;
  }

 private:
  using Node = Template::Node;

  std::string fill(const Node& node) {
    if (node.kind == Node::Kind::text) return node.text;
    const Json value = evaluate(node.text);
    if (node.kind == Node::Kind::value) return text_of(value);
    if (node.kind == Node::Kind::range) return fill_range(node, value);
    return fill(is_true(value) ? node.body : node.otherwise);
  }

  std::string fill_range(const Node& node, const Json& value) {
    if (value.empty()) return fill(node.otherwise);
    if (!value.is_structured()) throw Error("--format: range: " + text_of(value) + " is no list");
    std::string text;
    const Json before = dot_;
    size_t number = 0;
    for (const auto& [key, item] : value.items()) {
      if (!node.key.empty()) variables_[node.key] = value.is_object() ? Json(key) : Json(number++);
      if (!node.item.empty()) variables_[node.item] = item;
      dot_ = item;
      text += fill(node.body);
    }
    dot_ = before;
    return text;
  }

  Json evaluate(std::string_view expression) {
    const std::vector<std::string> tokens = tokens_of(expression);
    if (tokens.empty()) refuse("() says nothing");
    const std::string& name = tokens.front();
    if (tokens.size() == 1 || name[0] == '.' || name[0] == '$' || name[0] == '(') {
      Json value = value_of(name);
      for (size_t i = 1; i < tokens.size(); ++i) value = element(value, value_of(tokens[i]));
      return value;
    }
    std::vector<Json> values;
    for (size_t i = 1; i < tokens.size(); ++i) values.push_back(value_of(tokens[i]));
    return call(name, values);
  }

  static Json call(const std::string& name, const std::vector<Json>& values) {
    const Json& first = values.front();
    if (values.size() == 1) {
      if (name == "json") return first.dump(-1, ' ', false, Json::error_handler_t::replace);
      if (name == "len") return first.is_string() ? text_of(first).size() : first.size();
      if (name == "not") return !is_true(first);
      if (name == "println") return text_of(first) + "\n";
      if (name == "lower") return to_lower(text_of(first));
    }
    if (values.size() == 2) {
      if (name == "join") return joined(first, values[1]);
      if (name == "eq") return first == values[1];
      if (name == "ne") return first != values[1];
    }
    if (name == "index" && values.size() > 1) {
      Json value = first;
      for (size_t i = 1; i < values.size(); ++i) value = element(value, values[i]);
      return value;
    }
    refuse("'" + name +
           "' is not known with that many values (json, len, join, index, eq, ne, not, " +
           "println, lower)");
  }

  Json value_of(const std::string& token) {
    if (token[0] == '"' || token[0] == '`') return token.substr(1, token.size() - 2);
    if (token[0] == '.') return follow(dot_, token);
    if (token[0] == '(') {
      const size_t end = token.rfind(')');
      return follow(evaluate(std::string_view(token).substr(1, end - 1)), token.substr(end + 1));
    }
    if (token[0] == '$') {
      const size_t end = std::min(token.find('.'), token.size());
      const auto variable = variables_.find(token.substr(0, end));
      if (variable == variables_.end()) refuse("there is no " + token.substr(0, end));
      return follow(variable->second, token.substr(end));
    }
    if (const auto number = parse_u64(token)) return *number;
    if (token == "true" || token == "false") return token == "true";
    refuse("'" + token + "' is neither a .Field nor a \"text\"");
  }

  Json dot_;
  std::map<std::string, Json> variables_;
};

std::string Template::fill(const Json& value) const {
  return TemplateEvaluation(value).fill(nodes_);
}

// --- rows --------------------------------------------------------------------------------------

namespace {

constexpr std::string_view kTable = "table ";

// "CREATED AT" of "CreatedAt"
std::string heading_of(std::string_view field) {
  std::string heading;
  for (size_t i = 0; i < field.size(); ++i) {
    const bool is_upper = std::isupper(static_cast<unsigned char>(field[i])) != 0;
    const bool begins_word =
        i > 0 && is_upper && std::islower(static_cast<unsigned char>(field[i - 1])) != 0;
    if (begins_word) heading += ' ';
    heading += static_cast<char>(std::toupper(static_cast<unsigned char>(field[i])));
  }
  return heading;
}

Json headings_of(const Json& row) {
  Json headings = Json::object();
  for (const auto& [field, value] : row.items()) headings[field] = heading_of(field);
  return headings;
}

std::string with_escapes(std::string_view form) {
  std::string text;
  for (size_t i = 0; i < form.size(); ++i) {
    const bool is_escape = form[i] == '\\' && i + 1 < form.size();
    if (is_escape && (form[i + 1] == 't' || form[i + 1] == 'n')) {
      text += form[++i] == 't' ? '\t' : '\n';
    } else {
      text += form[i];
    }
  }
  return text;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (const std::string_view cell : split(line, '\t')) cells.emplace_back(cell);
  return cells;
}

}  // namespace

bool is_template(const Arguments& arguments) {
  return arguments.value("format").find("{{") != std::string::npos;
}

std::string fill_rows(std::string_view form, const std::vector<Json>& rows) {
  const bool is_table = form.starts_with(kTable);
  const std::string text = with_escapes(is_table ? form.substr(kTable.size()) : form);
  const Template filled(text);
  std::string lines;
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : rows) {
    const std::string line = filled.fill(row);
    if (is_table && cells.empty()) cells.push_back(cells_of(filled.fill(headings_of(row))));
    cells.push_back(cells_of(line));
    lines += line + "\n";
  }
  return is_table ? table(cells) : lines;
}

}  // namespace gocker::cli
