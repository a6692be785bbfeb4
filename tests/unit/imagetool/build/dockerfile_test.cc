#include "imagetool/build/dockerfile.h"

#include <gtest/gtest.h>

#include "tests/unit/imagetool/error_of.h"

namespace gocker::tests {
namespace {

using Words = std::vector<std::string>;

Dockerfile parse(std::string_view text) {
  return parse_dockerfile(text, "Dockerfile");
}

Instruction only(std::string_view text) {
  const Dockerfile dockerfile = parse(text);
  EXPECT_EQ(dockerfile.instructions.size(), 1U) << text;
  return dockerfile.instructions.front();
}

TEST(DockerfileTest, ReadsLinesCommentsAndContinuations) {
  const Dockerfile dockerfile = parse(
      "\xef\xbb\xbf# a comment\n"
      "\n"
      "from  alpine   as Base\r\n"
      "   # indented\n"
      "RUN one && \\\n"
      "  # between\n"
      "\n"
      "    two \\  \n"
      "  three\n"
      "CMD last");
  ASSERT_EQ(dockerfile.instructions.size(), 3U);
  EXPECT_EQ(dockerfile.instructions[0].keyword, "FROM");
  EXPECT_EQ(dockerfile.instructions[0].line, 3U);
  EXPECT_EQ(dockerfile.instructions[0].arguments, (Words{"alpine", "as", "Base"}));
  EXPECT_EQ(dockerfile.instructions[1].line, 5U);
  EXPECT_EQ(dockerfile.instructions[1].arguments, Words{"one &&     two   three"});
  EXPECT_EQ(dockerfile.instructions[2].line, 10U);
}

TEST(DockerfileTest, HashesInsideALineAreNoComments) {
  EXPECT_EQ(only("RUN echo a # b").arguments, Words{"echo a # b"});
}

TEST(DockerfileTest, TheDirectiveEscapeChangesTheCharacter) {
  const Dockerfile dockerfile = parse("# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\n b\\\n");
  EXPECT_EQ(dockerfile.escape, '`');
  EXPECT_EQ(dockerfile.instructions[0].arguments, Words{"a  b\\"});
  EXPECT_EQ(parse("# just words\n# escape=`\nFROM a").escape, '\\') << "behind a comment it is one";
}

TEST(DockerfileTest, TwoEscapesAtTheEndAreNoContinuation) {
  EXPECT_EQ(parse("RUN a \\\\\nCMD b").instructions.size(), 2U);
}

TEST(DockerfileTest, ReadsCommandsAsListsOrForTheShell) {
  const Instruction list = only(R"(CMD ["a", "b c", "\"d\u00e9"])");
  EXPECT_EQ(list.form, Form::list);
  EXPECT_EQ(list.arguments, (Words{"a", "b c", "\"d\xc3\xa9"}));
  for (const char* text : {"CMD [a, b]", "CMD ['a']", "CMD [\"a\" \"b\"]", "CMD [\"a\", 1]"}) {
    EXPECT_EQ(only(text).form, Form::shell) << text;
  }
  EXPECT_EQ(only("ENTRYPOINT []").form, Form::list);
  EXPECT_TRUE(only("CMD []").arguments.empty());
}

TEST(DockerfileTest, ReadsPairs) {
  EXPECT_EQ(only("ENV A=1 B=\"two words\" C=three\\ words").arguments,
            (Words{"A", "1", "B", "\"two words\"", "C", "three\\ words"}));
  EXPECT_EQ(only("ENV A the rest = of it").arguments, (Words{"A", "the rest = of it"}));
  EXPECT_EQ(only("LABEL \"a b\"=c").arguments, (Words{"\"a b\"", "c"}));
}

TEST(DockerfileTest, ReadsFlags) {
  const Instruction copy = only("COPY --chown=1:2 --from=build --link a b/");
  ASSERT_NE(copy.flag("chown"), nullptr);
  EXPECT_EQ(*copy.flag("chown"), "1:2");
  EXPECT_EQ(*copy.flag("from"), "build");
  EXPECT_EQ(copy.flag("chmod"), nullptr);
  EXPECT_EQ(copy.arguments, (Words{"a", "b/"}));
  EXPECT_EQ(only("RUN -- --x").arguments, Words{"--x"});
  EXPECT_EQ(only("CMD --help").arguments, Words{"--help"});
}

TEST(DockerfileTest, ReadsHereDocuments) {
  const Instruction run = only("RUN <<EOF\n# kept\nline \\\n\n  two\nEOF\n");
  ASSERT_EQ(run.heredocs.size(), 1U);
  EXPECT_EQ(run.heredocs[0].content, "# kept\nline \\\n\n  two\n");
  EXPECT_TRUE(run.heredocs[0].expands);

  const Instruction copy = only("COPY <<-'A' <<B /dst/\n\ttabs\n\tA\n$b\nB\n");
  ASSERT_EQ(copy.heredocs.size(), 2U);
  EXPECT_EQ(copy.heredocs[0].content, "tabs\n");
  EXPECT_FALSE(copy.heredocs[0].expands);
  EXPECT_EQ(copy.heredocs[1].content, "$b\n");

  EXPECT_EQ(only("RUN cat <<EOF >/file\nx\nEOF").heredocs.size(), 1U);
  EXPECT_EQ(only("RUN cat <<EOF>/file\nx\nEOF").heredocs.size(), 1U);
  for (const char* none :
       {"RUN echo $((1<<2))", "RUN cat <<<word", "RUN echo '<<EOF'", "CMD <<EOF", "RUN a << b"}) {
    EXPECT_TRUE(only(none).heredocs.empty()) << none;
  }
}

TEST(DockerfileTest, ShowsAnInstructionInOneLine) {
  EXPECT_EQ(only("run  a \\\n b").text, "RUN a  b");
  EXPECT_EQ(only("RUN <<EOF\nfirst\nsecond\nEOF").text, "RUN <<EOF (first...)");
}

struct Broken {
  const char* text;
  const char* message;
};

class BrokenDockerfileTest : public testing::TestWithParam<Broken> {};

TEST_P(BrokenDockerfileTest, IsRefusedWithItsPlace) {
  EXPECT_EQ(error_of([] { parse(GetParam().text); }), GetParam().message) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenDockerfileTest,
    testing::Values(
        Broken{"", "Dockerfile: it has no instructions"},
        Broken{"# only\n\n", "Dockerfile: it has no instructions"},
        Broken{"FROM a\nRUNN b", "Dockerfile:2: unknown instruction RUNN (did you mean RUN?)"},
        Broken{"FROM a\n\nXYZZY", "Dockerfile:3: unknown instruction XYZZY"},
        Broken{"FROM", "Dockerfile:1: FROM: too few arguments: it takes IMAGE [AS NAME]"},
        Broken{"FROM a b", "Dockerfile:1: FROM: it takes IMAGE [AS NAME]"},
        Broken{"FROM a to b", "Dockerfile:1: FROM: it takes IMAGE [AS NAME]"},
        Broken{"FROM --platfrm=x a",
               "Dockerfile:1: FROM: unknown flag --platfrm (did you mean platform?)"},
        Broken{"FROM --platform a", "Dockerfile:1: FROM: --platform needs a value: --platform=..."},
        Broken{"COPY a", "Dockerfile:1: COPY: too few arguments: it takes SOURCE... DESTINATION"},
        Broken{"ADD --from=x a b", "Dockerfile:1: ADD: unknown flag --from"},
        Broken{"ENV A", "Dockerfile:1: ENV: 'A' needs a value: NAME=VALUE"},
        Broken{"ENV =b", "Dockerfile:1: ENV: '=b' has no name before the ="},
        Broken{"ENV A=b c",
               "Dockerfile:1: ENV: 'c' is not NAME=VALUE (a value with blanks needs quotes)"},
        Broken{"SHELL /bin/sh",
               "Dockerfile:1: SHELL: takes a JSON list: [\"PROGRAM\", \"ARGUMENT\"...]"},
        Broken{"SHELL []",
               "Dockerfile:1: SHELL: too few arguments: it takes [\"PROGRAM\", "
               "\"ARGUMENT\"...]"},
        Broken{"RUN",
               "Dockerfile:1: RUN: too few arguments: it takes COMMAND or [\"PROGRAM\", "
               "\"ARGUMENT\"...]"},
        Broken{"HEALTHCHECK curl",
               "Dockerfile:1: HEALTHCHECK: takes CMD and a command, or NONE "
               "alone"},
        Broken{"HEALTHCHECK CMD", "Dockerfile:1: HEALTHCHECK: CMD needs a command"},
        Broken{"ONBUILD", "Dockerfile:1: ONBUILD: too few arguments: it takes INSTRUCTION"},
        Broken{"ONBUILD FROM a", "Dockerfile:1: ONBUILD: FROM cannot be put off to another build"},
        Broken{"ONBUILD COPI a b",
               "Dockerfile:1: ONBUILD: unknown instruction COPI (did you mean COPY?)"},
        Broken{"RUN <<EOF\nno end",
               "Dockerfile:1: the here-document <<EOF has no end: no line is 'EOF'"},
        Broken{"# escape=x\nFROM a", "Dockerfile:1: the directive escape takes \\ or `, not 'x'"},
        Broken{"# escape=`\n# escape=`\nFROM a", "Dockerfile:2: a second directive escape"}));

TEST(DockerfileTest, NulBytesAreRefused) {
  using namespace std::string_view_literals;
  EXPECT_EQ(error_of([] { parse("FROM a\nRUN \0x"sv); }),
            "Dockerfile:2: a NUL byte; this is no Dockerfile");
}

}  // namespace
}  // namespace gocker::tests
