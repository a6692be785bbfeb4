#include "imagetool/network/name_files.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

constexpr uint32_t kAddress = 0x0A580002;  // 10.88.0.2
constexpr uint32_t kGateway = 0x0A580001;

NameFilesRequest request() {
  NameFilesRequest request;
  request.kind = NetworkKind::connected;
  request.hostname = "box";
  request.container_name = "web";
  request.addresses = {kAddress};
  request.gateway = kGateway;
  return request;
}

// Puts files of the test's own in the place of the host's.
void with_host_files(const std::string& resolv_conf, const std::string& resolved,
                     const std::function<void()>& body) {
  if (::geteuid() != 0) GTEST_SKIP() << "to mount needs root";
  in_mount_namespace([&] {
    const TempDir folder;
    make_file(folder.path() + "/resolv.conf", resolv_conf);
    make_file(folder.path() + "/hosts", "127.0.0.1 localhost\n192.0.2.9 printer");
    for (const std::string name : {"/resolv.conf", "/hosts"}) {
      const std::string source = folder.path() + name;
      check(::mount(source.c_str(), ("/etc" + name).c_str(), nullptr, MS_BIND, nullptr), "mount");
    }
    check(::mount("none", "/run", "tmpfs", 0, nullptr), "mount");
    if (!resolved.empty()) {
      make_directories("/run/systemd/resolve", 0755);
      make_file("/run/systemd/resolve/resolv.conf", resolved);
    }
    body();
  });
}

TEST(ResolvConf, LeavesOutWhatANamespaceDoesNotReach) {
  const ResolvConf conf = parse_resolv_conf(
      "# comment\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver ::1\n"
      "  nameserver\t2001:db8::1 \nsearch a.example\nsearch b.example c.example\noptions ndots:2 "
      "edns0\nsortlist 1\nnameserver\n");
  EXPECT_EQ(to_text(conf),
            "nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch b.example c.example\noptions "
            "ndots:2 edns0\n");
}

TEST(NameFiles, NameTheContainerAndTheHostsServers) {
  with_host_files("nameserver 192.0.2.1\nsearch home.example\n", "", [] {
    NameFilesRequest wanted = request();
    wanted.extra_hosts = {"db:10.1.2.3", "six:2001:db8::7", "host:host-gateway"};
    const NameFiles files = make_name_files(wanted);
    EXPECT_EQ(files.hosts,
              "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.88.0.2\tbox "
              "web\n10.1.2.3\tdb\n2001:db8::7\tsix\n10.88.0.1\thost\n");
    EXPECT_EQ(files.hostname, "box\n");
    EXPECT_EQ(files.resolv_conf, "nameserver 192.0.2.1\nsearch home.example\n");
  });
}

TEST(NameFiles, AskWhomSystemdResolvedAsks) {
  with_host_files("nameserver 127.0.0.53\nsearch home.example\n", "nameserver 192.0.2.2\n", [] {
    EXPECT_EQ(make_name_files(request()).resolv_conf,
              "nameserver 192.0.2.2\nsearch home.example\n");
  });
}

TEST(NameFiles, PreferTheNetworksServerAndBeforeItWhatIsAsked) {
  with_host_files("nameserver 192.0.2.1\nsearch home.example\noptions ndots:2\n", "", [] {
    NameFilesRequest wanted = request();
    wanted.name_servers = {kGateway};
    EXPECT_EQ(make_name_files(wanted).resolv_conf,
              "nameserver 10.88.0.1\nsearch home.example\noptions ndots:2\n");
    wanted.dns_servers = {"192.0.2.8", "2001:db8::8"};
    wanted.dns_search = {"."};
    wanted.dns_options = {"ndots:1", "timeout:2"};
    EXPECT_EQ(make_name_files(wanted).resolv_conf,
              "nameserver 192.0.2.8\nnameserver 2001:db8::8\noptions ndots:1 timeout:2\n");
  });
}

TEST(NameFiles, OfTheHostsNetworkAreTheHosts) {
  with_host_files("nameserver 127.0.0.53\n", "nameserver 192.0.2.2\n", [] {
    NameFilesRequest wanted;
    wanted.kind = NetworkKind::host;
    wanted.hostname = "box";
    wanted.extra_hosts = {"db:10.1.2.3"};
    const NameFiles files = make_name_files(wanted);
    EXPECT_EQ(files.hosts, "127.0.0.1 localhost\n192.0.2.9 printer\n10.1.2.3\tdb\n");
    EXPECT_EQ(files.resolv_conf, "nameserver 127.0.0.53\n");
  });
}

TEST(NameFiles, WithoutANetworkTheHostnameIsTheLoopbacks) {
  with_host_files("nameserver 192.0.2.1\n", "", [] {
    NameFilesRequest wanted;
    wanted.hostname = "box";
    EXPECT_EQ(make_name_files(wanted).hosts,
              "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\tbox\n");
  });
}

TEST(NameFiles, RefuseWhatWouldBreakAFile) {
  const auto with_host = [](const std::string& host) {
    NameFilesRequest wanted = request();
    wanted.extra_hosts = {host};
    return error_of([&] { make_name_files(wanted); });
  };
  EXPECT_EQ(with_host("db"), "'db' is no host to add: it takes NAME:ADDRESS");
  EXPECT_EQ(with_host(":1.2.3.4"), "':1.2.3.4' is no host to add: it takes NAME:ADDRESS");
  EXPECT_EQ(with_host("a\nb:1.2.3.4"), "'a\\nb:1.2.3.4' is no host to add: it takes NAME:ADDRESS");
  EXPECT_EQ(with_host("db:1.2.3"),
            "'db:1.2.3' is no host to add: what follows the name is no address");
  NameFilesRequest wanted = request();
  wanted.dns_servers = {"dns.example"};
  EXPECT_EQ(error_of([&] { make_name_files(wanted); }),
            "'dns.example' is no address of a name server");
  wanted.dns_servers.clear();
  wanted.dns_search = {"a b"};
  EXPECT_EQ(error_of([&] { make_name_files(wanted); }), "'a b' is no domain to search");
  wanted.dns_search.clear();
  wanted.dns_options = {""};
  EXPECT_EQ(error_of([&] { make_name_files(wanted); }), "'' is no option of resolv.conf");
}

}  // namespace
}  // namespace gocker
