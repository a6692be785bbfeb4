// The instructions of a Dockerfile, read and checked as far as that goes without building.
// (https://docs.docker.com/reference/dockerfile/)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/build/dockerfile_lines.h"

namespace gocker {

// How the arguments are written: words (or one text), a command for a shell, or a JSON list.
enum class Form { words, shell, list };

struct Flag {
  std::string name;  // "chown" of "--chown=1:2"
  std::string value;
};

struct Instruction {
  size_t line = 0;
  std::string keyword;  // upper case
  std::vector<Flag> flags;
  Form form = Form::words;
  // ADD, COPY, ARG, EXPOSE, FROM, VOLUME: words. ENV, LABEL: NAME, VALUE, NAME, VALUE, ...
  // RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK: the list, or the shell's command as one text.
  // All others: one text. Quotes and variables stand as in the file, but in lists.
  std::vector<std::string> arguments;
  std::vector<Heredoc> heredocs;
  std::string text;  // as people are shown it: one line

  // The last value that the flag was given, nullptr where it was not.
  const std::string* flag(std::string_view name) const;
};

struct Dockerfile {
  std::string name;  // in messages: "Dockerfile"
  char escape = '\\';
  std::vector<Instruction> instructions;
};

// Throws "NAME:LINE: INSTRUCTION: ..." for the first thing that is wrong.
Dockerfile parse_dockerfile(std::string_view text, const std::string& name);

// One instruction by itself, as ONBUILD holds them. The caller's Doing says where it stands.
Instruction parse_instruction(const LogicalLine& line, char escape);

}  // namespace gocker
