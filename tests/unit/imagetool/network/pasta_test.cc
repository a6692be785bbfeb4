#include "imagetool/network/pasta.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "imagetool/network/attachment.h"
#include "imagetool/network/network_lock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/base/socket.h"
#include "tests/unit/imagetool/network/network_host.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

const PortRequest kPort{0x7F000001, 8080, 8080, 80, 80, Protocol::tcp};

std::string refusal(const NetworkHost& host, std::vector<NetworkJoin> joins,
                    std::vector<PortRequest> ports = {}) {
  const NetworkLock lock(host.places());
  return error_of([&] {
    connect_by_pasta(host.places(), {"c1", "name-c1", std::move(joins), std::move(ports)});
  });
}

// A process of this name, as the kernel tells it. It ends by a signal, or with the object.
Child start_named(const char* name) {
  auto [ours, theirs] = socket_pair();
  std::optional<Child> child = clone_child(0, Fd());
  if (!child) {
    ::prctl(PR_SET_NAME, name);
    send_packet(theirs, "named");
    while (true) ::pause();
  }
  EXPECT_TRUE(receive_packet(ours));
  return std::move(*child);
}

void disconnect_with_record(const NetworkHost& host, const std::string& record) {
  const NetworkLock lock(host.places());
  const std::string file = host.places().state() + "/c1.pasta";
  make_file(file, record);
  disconnect_from_pasta(host.places(), "c1");
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

TEST(Pasta, HasOneNetworkAndNoAddresses) {
  on_a_host([](const NetworkHost& host) {
    EXPECT_EQ(refusal(host, {{"own", {}, {}}}),
              "network own: without root there are only none, host and bridge");
    EXPECT_EQ(refusal(host, {{"bridge", {}, {}}, {"default", {}, {}}}),
              "networks bridge and default: without root a container has one");
    EXPECT_EQ(refusal(host, {{"bridge", parse_ipv4("10.88.0.9"), {}}}),
              "--ip: without root a container has the host's addresses");
    host.expect_clean();
  });
}

TEST(Pasta, IsNotGivenThePortOfAnotherContainer) {
  on_a_host([](const NetworkHost& host) {
    {
      const NetworkLock lock(host.places());
      write_attachment(host.places(), {"c2", "web", {}, {{0, 8080, 80, Protocol::tcp}}});
    }
    EXPECT_EQ(refusal(host, {{"bridge", {}, {}}}, {kPort}),
              "port 127.0.0.1:8080/tcp is in use by container web");
    EXPECT_FALSE(find_attachment(host.places(), "c1"));
  });
}

TEST(Pasta, LeavesNothingWhereItCannotStart) {
  on_a_host([](const NetworkHost& host) {
    // Neither /dev/net/tun nor anything else that it needs.
    ASSERT_EQ(::mount("tmpfs", "/dev", "tmpfs", 0, nullptr), 0);
    const std::string said = refusal(host, {{"bridge", {}, {}}}, {kPort});
    EXPECT_TRUE(said.starts_with("start pasta: ")) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
    host.expect_clean();
    EXPECT_EQ(shell("ls " + host.places().state() + "/*.pasta 2>/dev/null"), "");
  });
}

TEST(Pasta, IsEndedByItsRecord) {
  on_a_host([](const NetworkHost& host) {
    Child pasta = start_named("pasta.avx2");
    disconnect_with_record(host, std::to_string(pasta.pid()) + "\n");
    const int status = pasta.wait();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  });
}

TEST(Pasta, IsNotMistakenForWhoHasItsNumberByNow) {
  on_a_host([](const NetworkHost& host) {
    Child other = start_named("other");
    disconnect_with_record(host, std::to_string(other.pid()) + "\n");
    for (const char* record : {"", "x", "0", "-1", "999999999999"}) {
      disconnect_with_record(host, record);
    }
    other.signal(SIGKILL);
    const int status = other.wait();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it was ended before";
    host.expect_clean();
  });
}

}  // namespace
}  // namespace gocker
