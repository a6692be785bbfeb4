#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>

#include "imagetool/layer/blob_input.h"
#include "imagetool/layer/gzip.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

const char* explain(int code) {
  switch (code) {
    case ISAL_INVALID_WRAPPER:
      return "gzip: something that is no gzip header where one must be (trailing garbage?)";
    case ISAL_INCORRECT_CHECKSUM:
      return "gzip: the checksum does not fit the data";
    case ISAL_UNSUPPORTED_METHOD:
      return "gzip: the compression method is unknown";
    default:
      return "gzip: the compressed data is damaged";
  }
}

class IsalDecompressor : public Decompressor {
 public:
  explicit IsalDecompressor(const BlobSource& blob) : input_(blob) {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  size_t read(char* buffer, size_t size) override {
    const auto wanted =
        static_cast<uint32_t>(std::min<size_t>(size, std::numeric_limits<uint32_t>::max()));
    state_.next_out = reinterpret_cast<uint8_t*>(buffer);
    state_.avail_out = wanted;
    while (state_.avail_out > 0) {
      if (state_.avail_in == 0) refill();
      if (state_.block_state == ISAL_BLOCK_FINISH) {
        if (state_.avail_in == 0) break;
        begin_next_member();
      }
      inflate();
    }
    return wanted - state_.avail_out;
  }

 private:
  void refill() {
    const std::span<uint8_t> bytes = input_.next();
    state_.next_in = bytes.data();
    state_.avail_in = static_cast<uint32_t>(bytes.size());
  }

  // A member has a header of its own, and igzip must be told of each. What it has not read yet
  // stays in the state.
  void begin_next_member() {
    isal_inflate_reset(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  void inflate() {
    const bool at_end = state_.avail_in == 0;
    const uint32_t room = state_.avail_out;
    const int result = isal_inflate(&state_);
    if (result != ISAL_DECOMP_OK) throw Error(explain(result));
    // igzip takes an end in the middle of a member for success.
    if (at_end && state_.avail_out == room && state_.block_state != ISAL_BLOCK_FINISH) {
      throw Error("gzip: the compressed data is cut short");
    }
  }

  BlobInput input_;
  inflate_state state_{};
};

}  // namespace

std::unique_ptr<Decompressor> make_isal_decompressor(const BlobSource& blob) {
  return std::make_unique<IsalDecompressor>(blob);
}

}  // namespace gocker
