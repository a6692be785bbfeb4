// The templates of --format: the part of Go's text/template that people use with docker.
//
//   {{.State.Status}}  {{json .Config}}  {{len .Mounts}}  {{join .Config.Cmd " "}}
//   {{index .Config.Labels "name"}}  {{(index .Mounts 0).Name}}  {{eq .State.Status "exited"}}
//   {{range .Mounts}}...{{else}}...{{end}}   {{range $key, $value := .Config.Labels}}...{{end}}
//   {{if .State.Running}}...{{else}}...{{end}}
//
// "{{- " and " -}}" take the white space beside them away. Lists and objects are shown as JSON.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/command_line/options.h"

namespace gocker::cli {

class Template {
 public:
  // Throws UsageError for what is no template.
  explicit Template(std::string_view text);
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;
  ~Template();

  // Throws an Error for a path that leads nowhere.
  std::string fill(const nlohmann::ordered_json& value) const;

 private:
  struct Node;
  friend class TemplateParser;
  friend class TemplateEvaluation;
  std::vector<Node> nodes_;
};

// Whether --format is given one, and not the name of a form.
bool is_template(const Arguments& arguments);

// A line for each of the rows, which are objects of the same fields: `form` filled, where "\t" and
// "\n" stand for a tab and a new line. "table TEMPLATE" puts a heading over columns that tabs
// separate.
std::string fill_rows(std::string_view form, const std::vector<nlohmann::ordered_json>& rows);

}  // namespace gocker::cli
