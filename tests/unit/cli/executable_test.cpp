#include "sdk/cli/executable.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace leasehold::cli {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Variables = std::vector<Variable>;

/// A directory of its own, first in PATH.
class Commands : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "leasehold-cli-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        x_directory = name;
        x_path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
        ::setenv("PATH", (x_directory.string() + ":" + x_path).c_str(), 1);
    }
    void TearDown() override {
        ::setenv("PATH", x_path.c_str(), 1);
        fs::remove_all(x_directory);
    }

    void write(const std::string& name, const std::string& text, fs::perms permissions) {
        std::ofstream(x_directory / name) << text;
        fs::permissions(x_directory / name, permissions);
    }

    /// The exit code of the command, or minus errno if it could not be executed.
    static int outcome_of(const Words& words, const Variables& changes = {}) {
        Executable executable(words, changes);
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const pid_t pid = ::fork();
        if (pid == 0) {
            const int failure = executable.execute();
            const bool told = ::write(ends[1], &failure, sizeof failure) > 0;
            ::_exit(told ? 1 : 2);
        }
        ::close(ends[1]);
        int failure = 0;
        const bool failed = ::read(ends[0], &failure, sizeof failure) > 0;
        ::close(ends[0]);
        int status = 0;
        EXPECT_EQ(::waitpid(pid, &status, 0), pid);
        return failed ? -failure : WEXITSTATUS(status);
    }

    static constexpr fs::perms executable_bits = fs::perms::owner_all;
    static constexpr fs::perms plain_bits = fs::perms::owner_read | fs::perms::owner_write;

    fs::path x_directory;
    std::string x_path;
};

TEST_F(Commands, AreFoundInThePath) {
    write("lh-test-command", "#!/bin/sh\nexit 42\n", executable_bits);
    EXPECT_EQ(outcome_of({"lh-test-command"}), 42);
    EXPECT_EQ(Executable::find_problem(Words{"lh-test-command"}), 0);
}

TEST_F(Commands, WithASlashAreNotLookedUp) {
    write("lh-test-command", "#!/bin/sh\nexit 42\n", executable_bits);
    EXPECT_EQ(outcome_of({(x_directory / "lh-test-command").string()}), 42);
    EXPECT_EQ(outcome_of({"./lh-test-command"}), -ENOENT);
    EXPECT_EQ(Executable::find_problem(Words{"./lh-test-command"}), ENOENT);
}

TEST_F(Commands, ThatAreNoneAreToldApart) {
    write("lh-test-plain", "exit 42\n", plain_bits);
    fs::create_directory(x_directory / "lh-test-directory");
    for (const auto& [word, expected] :
         std::vector<std::pair<std::string, int>>{{"lh-test-absent", ENOENT},
                                                  {"lh-test-plain", EACCES},
                                                  {"lh-test-directory", EACCES},
                                                  {"/etc/passwd/x", ENOENT},
                                                  {"", ENOENT}}) {
        EXPECT_EQ(Executable::find_problem(Words{word}), expected) << word;
        const int outcome = outcome_of({word});
        EXPECT_TRUE(outcome == -expected || outcome == -ENOTDIR) << word << ": " << outcome;
    }
}

TEST_F(Commands, ThatCannotBeExecutedHideNoneFurtherOn) {
    write("lh-test-command", "not executable", plain_bits);
    const fs::path second = x_directory / "second";
    fs::create_directory(second);
    std::ofstream(second / "lh-test-command") << "#!/bin/sh\nexit 43\n";
    fs::permissions(second / "lh-test-command", executable_bits);
    ::setenv("PATH", (x_directory.string() + ":" + second.string()).c_str(), 1);
    EXPECT_EQ(outcome_of({"lh-test-command"}), 43);
}

TEST_F(Commands, WithoutAFirstLineAreTheShells) {
    write("lh-test-script", "exit $#\n", executable_bits);
    EXPECT_EQ(outcome_of({"lh-test-script", "a", "b c", "d"}), 3);
}

TEST_F(Commands, GetTheirArgumentsAsTheyAre) {
    const std::string check = R"sh([ "$1" = 'a  b' ] && [ "$2" = '' ] && [ $# = 2 ])sh";
    EXPECT_EQ(outcome_of({"/bin/sh", "-c", check, "sh", "a  b", ""}), 0);
}

TEST_F(Commands, GetTheChangesInsteadOfWhatWasThere) {
    ::setenv("LH_TEST_OLD", "old", 1);
    ::setenv("LH_TEST_GONE", "old", 1);
    ::setenv("LH_TEST_KEPT", "kept", 1);
    const std::string check = R"sh([ "$LH_TEST_OLD" = new ] && [ "$LH_TEST_NEW" = '1 2' ] &&
        [ "$LH_TEST_KEPT" = kept ] && [ -z "${LH_TEST_GONE+is set}" ] &&
        [ "$(env | grep -c LH_TEST_OLD=)" = 1 ])sh";
    EXPECT_EQ(outcome_of(
                  {"/bin/sh", "-c", check},
                  {{"LH_TEST_OLD", "new"}, {"LH_TEST_GONE", std::nullopt}, {"LH_TEST_NEW", "1 2"}}),
              0);
    ::unsetenv("LH_TEST_GONE");
    ::unsetenv("LH_TEST_OLD");
    ::unsetenv("LH_TEST_KEPT");
}

}  // namespace
}  // namespace leasehold::cli
