#include "imagetool/registry/credential_helper.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "imagetool/interrupt.h"
#include "runtime/base/process.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

using nlohmann::json;

constexpr uint64_t kMostSeconds = 3600;
constexpr std::chrono::seconds kPatience{60};
// Helpers say so on stdout, and end with an exit code that is not 0.
constexpr std::string_view kUnknown = "credentials not found";
// The user's name that says that the secret is an identity token.
constexpr std::string_view kTokenUser = "<token>";

std::string find_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':')) {
    if (!folder.starts_with('/')) continue;
    std::string candidate = std::string(folder).append("/").append(program);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

std::chrono::milliseconds patience() {
  const char* text = std::getenv("GOCKER_CREDENTIAL_HELPER_TIMEOUT");
  const auto seconds = parse_u64(text == nullptr ? "" : text, kMostSeconds);
  return seconds ? std::chrono::seconds(*seconds) : kPatience;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  return variables;
}

// Its last word: helpers write what is wrong to stdout, shells to stderr.
std::string complaint_of(const CommandResult& result) {
  const std::string_view text = trim(result.output).empty() ? result.errors : result.output;
  const std::string_view line = split(trim(text), '\n').back();
  const std::string ended = "it ends with " + std::to_string(exit_code_of(result.wait_status));
  return line.empty() ? ended : ended + ": " + std::string(line);
}

}  // namespace

CredentialHelper::CredentialHelper(const std::string& name)
    : program_("docker-credential-" + name) {
  if (name.empty() || name.find('/') != std::string::npos) {
    throw Error("'" + name + "' is no name of a credential helper");
  }
  path_ = find_in_path(program_);
}

std::optional<std::string> CredentialHelper::call(const char* action,
                                                  const std::string& input) const {
  const std::string what = program_ + " " + action;
  const Doing doing("call", what);
  if (!installed()) throw Error("there is no such program in $PATH", ENOENT);
  Command command;
  command.path = path_;
  command.args = {program_, action};
  command.env = own_environment();
  command.input = input;
  command.timeout = patience();
  const CommandResult result = run_command(command);
  check_interrupt();
  if (result.timed_out) {
    throw Error("it has not answered within " + std::to_string(command.timeout->count() / 1000) +
                " seconds");
  }
  if (result.wait_status == 0) return result.output;
  if (result.output.find(kUnknown) != std::string::npos) return std::nullopt;
  throw Error(complaint_of(result));
}

std::optional<Login> CredentialHelper::get(const std::string& registry) const {
  const std::optional<std::string> answer = call("get", registry);
  if (!answer) return std::nullopt;
  const json document = json::parse(*answer, nullptr, false);
  const auto text = [&](const char* member) -> std::string {
    if (!document.is_object()) return {};
    const auto found = document.find(member);
    return found != document.end() && found->is_string() ? found->get<std::string>() : "";
  };
  Login found{text("Username"), text("Secret"), {}};
  if (found.user == kTokenUser && !found.password.empty()) return Login{{}, {}, found.password};
  if (found.user.empty()) {
    throw Error("call " + program_ + " get: its answer is no JSON object with Username and Secret");
  }
  return found;
}

void CredentialHelper::store(const std::string& registry, const Login& credentials) const {
  const json document = {
      {"ServerURL", registry}, {"Username", credentials.user}, {"Secret", credentials.password}};
  call("store", document.dump(-1, ' ', false, json::error_handler_t::replace));
}

void CredentialHelper::erase(const std::string& registry) const {
  call("erase", registry);
}

}  // namespace gocker
