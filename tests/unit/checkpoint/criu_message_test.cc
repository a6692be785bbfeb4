#include "runtime/checkpoint/criu_message.h"

#include <gtest/gtest.h>

#include "runtime/base/error.h"

namespace gocker {
namespace {

using namespace std::string_literals;

// Bytes as protoc --decode_raw reads them: each field's key is its number times eight, plus 2 for
// what has a length.
TEST(CriuMessage, ANotificationAnswerIsTypeAndSuccess) {
  EXPECT_EQ(encode_notification_answer(true), "\x08\x06\x18\x01"s);
  EXPECT_EQ(encode_notification_answer(false), "\x08\x06\x18\x00"s);
}

TEST(CriuMessage, OptionsAreNestedInTheRequest) {
  const std::string request = encode(CriuRequest::pre_dump, {.images = 300, .pid = 7});
  EXPECT_EQ(request.substr(0, 3), "\x08\x04\x12"s);
  EXPECT_NE(request.find("\x08\xAC\x02"s), std::string::npos) << "images_dir_fd as a varint";
  EXPECT_NE(request.find("\x10\x07"s), std::string::npos) << "pid";
}

TEST(CriuMessage, AMountIsAPair) {
  const std::string request =
      encode(CriuRequest::dump, {.external_mounts = {{"/data", "/host/data"}}});
  EXPECT_NE(request.find("\xBA\x01\x13\x0A\x05/data\x12\x0A/host/data"s), std::string::npos);
}

TEST(CriuMessage, ANumberBelowZeroTakesTenBytes) {
  const std::string request = encode(CriuRequest::dump, {.images = -1});
  EXPECT_NE(request.find("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s), std::string::npos);
}

TEST(CriuMessage, ReadsANotification) {
  const CriuReply reply = parse_criu_reply("\x08\x06\x10\x01\x2A\x09\x0A\x04post\x10\xD2\x09"s);
  EXPECT_TRUE(reply.is_notification);
  EXPECT_TRUE(reply.success);
  EXPECT_EQ(reply.script, "post");
  EXPECT_EQ(reply.pid, 1234);
}

TEST(CriuMessage, ReadsAFailureAndSkipsWhatItDoesNotKnow) {
  const CriuReply reply = parse_criu_reply(
      "\x08\x02\x10\x00\x38\x11\x4A\x02no\x7D\x01\x02\x03\x04\x81\x02"
      "12345678"s);
  EXPECT_FALSE(reply.success);
  EXPECT_EQ(reply.code, 17);
  EXPECT_EQ(reply.message, "no");
}

TEST(CriuMessage, RefusesWhatIsCutOffOrNoMessage) {
  for (const std::string& bytes :
       {"\x08"s, "\x4A\x7F"s + "x", "\x0B"s, "\x08\xFF"s,
        "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s, "\x22\x06\x08\xFF\xFF\xFF\xFF\x7F"s}) {
    EXPECT_THROW(parse_criu_reply(bytes), Error) << testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace gocker
