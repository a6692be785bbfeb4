// Whatever happens to a command half-way, the next one takes everything back.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "imagetool/network/connection.h"
#include "imagetool/network/network_namespace.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/imagetool/network/network_host.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;

const PortRequest kPort{0, 8080, 8080, 80, 80, Protocol::tcp};

pid_t start_process(const std::function<void()>& body) {
  const pid_t pid = check(::fork(), "fork");
  if (pid != 0) return pid;
  try {
    body();
    ::_exit(0);
  } catch (const std::exception& error) {
    const std::string text = std::string(error.what()) + "\n";
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(1);
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  check(::waitpid(pid, &status, 0), "waitpid");
  return status;
}

// Lets `body` end by itself, and then kills it at evenly spaced moments of the time that it took.
void kill_at_many_moments(const std::function<void()>& body,
                          const std::function<void()>& afterwards) {
  constexpr int kMoments = 30;
  const auto begin = Clock::now();
  EXPECT_EQ(wait_for(start_process(body)), 0);
  const auto time = Clock::now() - begin;
  afterwards();
  for (int moment = 0; moment < kMoments && !::testing::Test::HasFailure(); ++moment) {
    const pid_t pid = start_process(body);
    std::this_thread::sleep_for(time * moment / kMoments);
    ::kill(pid, SIGKILL);
    wait_for(pid);
    afterwards();
  }
}

TEST(Recovery, TakesBackWhatAKilledConnectLeft) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "named"});
    kill_at_many_moments([&] { host.connect("c1", "named", {kPort}); },
                         [&] {
                           host.disconnect("c1");
                           host.expect_clean();
                         });
  });
}

TEST(Recovery, GoesOnWhereADisconnectWasKilled) {
  on_a_host([](const NetworkHost& host) {
    host.connect("c1", "bridge", {kPort});
    kill_at_many_moments([&] { host.disconnect("c1"); },
                         [&] {
                           host.disconnect("c1");
                           host.expect_clean();
                           host.connect("c1", "bridge", {kPort});
                         });
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Recovery, LeavesOtherContainersAlone) {
  on_a_host([](const NetworkHost& host) {
    const Connection other = host.connect("other", "bridge", {kPort});
    const Connection lost = host.connect("lost");
    remove_network_namespace(lost.network_namespace);
    host.disconnect("lost");
    EXPECT_EQ(reaches(other, "10.88.0.1"), "yes");
    EXPECT_NE(shell("iptables-save | grep 'dnat name'"), "");
    host.disconnect("other");
    host.expect_clean();
  });
}

TEST(Recovery, NeedsNoNamespace) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "named"});
    const Connection connection = host.connect("c1", "named", {kPort});
    remove_network_namespace(connection.network_namespace);
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Recovery, NeedsNoBridge) {
  on_a_host([](const NetworkHost& host) {
    host.connect("c1", "bridge", {kPort});
    shell("ip link delete gocker0");
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Recovery, ConnectingAgainTakesTheOldConnectionBackFirst) {
  on_a_host([](const NetworkHost& host) {
    EXPECT_EQ(host.connect("c1", "bridge", {kPort}).interfaces[0].address_text(), "10.88.0.2/16");
    EXPECT_EQ(host.connect("c1", "bridge", {kPort}).interfaces[0].address_text(), "10.88.0.2/16");
    EXPECT_EQ(attachments(host.places()).size(), 1u);
    host.disconnect("c1");
    host.expect_clean();
  });
}

// The kernel's part is gone after a reboot: only files are left, and they are not to be believed.
TEST(Recovery, TakesAwayWhatAKilledConnectWasWriting) {
  on_a_host([](const NetworkHost& host) {
    host.connect("c1", "bridge");
    shell("touch " + host.places().attachments() + "/.c2.json.12345.1");
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Recovery, ForgetsWhatAnEarlierBootLeft) {
  on_a_host([](const NetworkHost& host) {
    const Connection connection = host.connect("c1", "bridge", {kPort});
    shell("cp -a " + host.places().run + " " + host.places().run + "-before");
    host.disconnect("c1");
    remove_tree_at(open_directory(host.places().run + "/.."), "run");
    shell("mv " + host.places().run + "-before " + host.places().run);
    shell("echo another-boot > " + host.places().state() + "/boot_id");
    EXPECT_EQ(attachments(host.places()).size(), 1u);
    host.disconnect("c2");
    host.expect_clean();
  });
}

TEST(Recovery, AFailedConnectLeavesNothing) {
  on_a_host([](const NetworkHost& host) {
    const Network network = host.networks().find("bridge");
    shell("ip link add gocker0 type veth peer name other");
    EXPECT_NE(error_of([&] { host.connect("c1", "bridge", {kPort}); }), "");
    shell("ip link delete gocker0");
    host.disconnect("c1");
    host.expect_clean();
  });
}

TEST(Recovery, TwentyAtOnceGetDifferentAddressesAndLeaveNothing) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "named"});
    std::vector<pid_t> pids;
    for (int i = 0; i < 20; ++i) {
      const std::string id = "c" + std::to_string(i);
      pids.push_back(start_process([&, id] {
        const Connection connection = host.connect(id, "named", {{0, 0, 0, 80, 80, Protocol::tcp}});
        if (reaches(connection, "10.89.0.1") != "yes") throw Error(id + " reaches nobody");
        if (id.back() % 2 == 0) host.disconnect(id);
      }));
    }
    for (const pid_t pid : pids) EXPECT_EQ(wait_for(pid), 0);
    std::vector<uint32_t> addresses;
    for (const Attachment& attachment : attachments(host.places())) {
      addresses.push_back(attachment.interfaces.at(0).address);
    }
    std::sort(addresses.begin(), addresses.end());
    EXPECT_EQ(std::unique(addresses.begin(), addresses.end()), addresses.end());
    EXPECT_EQ(addresses.size(), 10u);
    pids.clear();
    for (int i = 0; i < 20; ++i) {
      const std::string id = "c" + std::to_string(i);
      pids.push_back(start_process([&, id] { host.disconnect(id); }));
    }
    for (const pid_t pid : pids) EXPECT_EQ(wait_for(pid), 0);
    host.expect_clean();
  });
}

}  // namespace
}  // namespace gocker
