// A Dockerfile's text as logical lines: comments gone, continued lines joined, parser directives
// and here-documents read. What an instruction means is dockerfile.h's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gocker {

// "<<NAME" in a RUN, COPY or ADD: the lines up to one that is NAME.
struct Heredoc {
  std::string name;
  std::string content;  // each line with its newline; without leading tabs after "<<-"
  bool expands = true;  // variables count in it; not where NAME is quoted
};

struct LogicalLine {
  size_t number = 0;  // of its first line, from 1
  std::string text;   // without white space at both ends
  std::vector<Heredoc> heredocs;
};

struct DockerfileLines {
  char escape = '\\';  // or '`', by the directive "# escape=`"
  std::vector<LogicalLine> lines;
};

// `file` is what errors call it: "Dockerfile:7: ...".
DockerfileLines read_dockerfile_lines(std::string_view text, const std::string& file);

// "Dockerfile:7", and with an instruction "Dockerfile:7: COPY": for Doing.
std::string place_in(const std::string& file, size_t line, std::string_view instruction = {});

// The words of `text` at white space outside quotes, with quotes and escapes as they stand.
std::vector<std::string> raw_words(std::string_view text, char escape);

}  // namespace gocker
