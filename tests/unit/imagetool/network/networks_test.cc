#include "imagetool/network/networks.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "oci-spec/error.h"
#include "tests/unit/imagetool/network/network_host.h"
#include "tests/unit/linux/isolation.h"

namespace gocker {
namespace {

std::string names_of(const std::vector<Network>& networks) {
  std::string names;
  for (const Network& network : networks) names += network.name + " ";
  return names;
}

TEST(Networks, TheDefaultOneIsThereFromTheBeginning) {
  on_a_host([](const NetworkHost& host) {
    EXPECT_EQ(names_of(host.networks().list()), "bridge ");
    const Network network = host.networks().find("bridge");
    EXPECT_EQ(network.interface, "gocker0");
    EXPECT_EQ(to_text(network.subnet), "10.88.0.0/16");
    EXPECT_EQ(host.networks().find("default").id, network.id);
    EXPECT_EQ(error_of([&] { host.networks().remove("bridge"); }),
              "remove network bridge: the default network stays");
  });
}

TEST(Networks, KeepWhatTheyWereMadeWith) {
  on_a_host([](const NetworkHost& host) {
    const Network made = host.networks().create({.name = "back",
                                                 .subnet = parse_subnet("10.99.0.0/24"),
                                                 .gateway = parse_ipv4("10.99.0.254"),
                                                 .internal = true,
                                                 .labels = {{"who", "\"ann\""}}});
    const Network found = host.networks().find(made.id.substr(0, 12));
    EXPECT_EQ(to_json(found), to_json(made));
    EXPECT_EQ(found.name, "back");
    EXPECT_EQ(ipv4_text(found.gateway), "10.99.0.254");
    EXPECT_TRUE(found.internal);
    EXPECT_EQ(found.labels.at("who"), "\"ann\"");
    EXPECT_LE(found.interface.size(), 15u);
    EXPECT_EQ(names_of(host.networks().list()), "bridge back ");
    host.networks().remove("back");
    EXPECT_EQ(host.networks().find_if_exists("back"), std::nullopt);
  });
}

TEST(Networks, ChooseSubnetsThatNobodyHas) {
  on_a_host([](const NetworkHost& host) {
    shell(
        "ip link add out type veth peer name in && ip address add 10.89.1.7/24 dev out && "
        "ip link set out up");
    EXPECT_EQ(to_text(host.networks().create({.name = "a"}).subnet), "10.89.0.0/24");
    EXPECT_EQ(to_text(host.networks().create({.name = "b"}).subnet), "10.89.2.0/24");
    host.networks().remove("a");
    EXPECT_EQ(to_text(host.networks().create({.name = "c"}).subnet), "10.89.0.0/24");
    const auto refusal = [&](const char* subnet) {
      return error_of(
          [&] { host.networks().create({.name = "d", .subnet = parse_subnet(subnet)}); });
    };
    EXPECT_EQ(refusal("10.89.0.0/16"),
              "create network d: subnet 10.89.0.0/16 overlaps that of network b; choose another");
    EXPECT_EQ(refusal("10.89.1.128/25"),
              "create network d: subnet 10.89.1.128/25 overlaps that of the host's route "
              "10.89.1.0/24 of out; choose another");
    EXPECT_EQ(refusal("10.99.0.0/31"),
              "create network d: subnet 10.99.0.0/31: the prefix must be between 8 and 30");
    EXPECT_EQ(refusal("127.0.0.0/24"),
              "create network d: subnet 127.0.0.0/24 is not for hosts; take one of 10.0.0.0/8");
  });
}

TEST(Networks, MadeAtOnceHaveDifferentSubnets) {
  on_a_host([](const NetworkHost& host) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] { host.networks().create({.name = "n" + std::to_string(i)}); });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> subnets;
    for (const Network& network : host.networks().list()) subnets.insert(to_text(network.subnet));
    EXPECT_EQ(subnets.size(), 9u);
  });
}

TEST(Networks, RefuseNamesThatAreTakenOrUnfit) {
  on_a_host([](const NetworkHost& host) {
    const auto refusal = [&](const std::string& name) {
      return error_of([&] { host.networks().create({.name = name}); });
    };
    host.networks().create({.name = "back"});
    EXPECT_EQ(refusal("back"), "create network back: there is one of that name already");
    for (const char* name : {"bridge", "host", "none", "default", "container"}) {
      EXPECT_EQ(refusal(name),
                std::string("create network ") + name + ": the name is reserved; choose another");
    }
    for (const std::string& name :
         {std::string(), std::string("../x"), std::string(".x"), std::string("a/b"),
          std::string("a b"), std::string("-x"), std::string("a\nb"), std::string(129, 'a')}) {
      EXPECT_NE(refusal(name).find("is no name for a network"), std::string::npos) << name;
    }
    EXPECT_EQ(error_of([&] {
                host.networks().create({.name = "x",
                                        .subnet = parse_subnet("10.99.0.0/24"),
                                        .gateway = parse_ipv4("10.98.0.1")});
              }),
              "create network x: gateway 10.98.0.1 is no address for a host in the subnet "
              "10.99.0.0/24");
  });
}

TEST(Networks, StayWhereContainersAreConnected) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "used"});
    host.networks().create({.name = "unused"});
    host.networks().create({.name = "kept"});
    host.connect("c1", "used");
    EXPECT_EQ(error_of([&] { host.networks().remove("used"); }),
              "remove network used: it is used by name-c1; stop what uses it first");
    EXPECT_EQ(host.networks().remove_unused({"kept"}), std::vector<std::string>{"unused"});
    host.networks().remove("kept");
    host.disconnect("c1");
    EXPECT_EQ(host.networks().remove_unused({}), std::vector<std::string>{"used"});
    host.expect_clean();
  });
}

TEST(Networks, TellWhichFileIsDamaged) {
  on_a_host([](const NetworkHost& host) {
    host.networks().create({.name = "back"});
    make_file(host.places().networks() + "/back.json", "{\"name\": 5}");
    try {
      host.networks().find("back");
      ADD_FAILURE() << "no error";
    } catch (const oci::SpecError& error) {
      EXPECT_EQ(error.what(),
                host.places().networks() + "/back.json: /name: must be a string, not a number");
    }
  });
}

}  // namespace
}  // namespace gocker
