// All of leasehold: locks on ZooKeeper that cannot outlive their lease.
#pragma once

#include <leasehold/client.hpp>
#include <leasehold/clock.hpp>
#include <leasehold/contender_info.hpp>
#include <leasehold/error.hpp>
#include <leasehold/fence.hpp>
#include <leasehold/guard.hpp>
#include <leasehold/leadership.hpp>
#include <leasehold/lock.hpp>
#include <leasehold/options.hpp>
#include <leasehold/state.hpp>
#include <leasehold/zookeeper.hpp>
