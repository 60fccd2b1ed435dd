# Completes 'leasehold' in fish. Installed in vendor_completions.d.

# True before the "--" behind which the command that is run stands.
function __leasehold_is_before_command
    not contains -- -- (commandline -opc)
end

function __leasehold_is
    __leasehold_is_before_command; and __fish_seen_subcommand_from $argv
end

complete -c leasehold -f
complete -c leasehold -n __fish_use_subcommand -a run -d "Run a command while holding a lock"
complete -c leasehold -n __fish_use_subcommand -a elect -d "Run a command while leading"
complete -c leasehold -n __fish_use_subcommand -a ls -d "Show who holds a lock and who waits"
complete -c leasehold -n __fish_use_subcommand -a serve -d "Serve ZooKeeper's protocol from memory"
complete -c leasehold -n __fish_use_subcommand -l version -d "Tell the version"
complete -c leasehold -n __leasehold_is_before_command -s h -l help -d "Tell about the options"

set -l ensemble "__leasehold_is run elect ls"
complete -c leasehold -n "$ensemble" -l connect -x -d "host:port,host:port/chroot"
complete -c leasehold -n "$ensemble" -l wait -x -d "Bound on everything up to the answer"
complete -c leasehold -n "$ensemble" -l session-timeout -x -d "What the server is asked for"
complete -c leasehold -n "$ensemble" -l tick -x -d "The ensemble's tickTime"
complete -c leasehold -n "$ensemble" -l sync-limit -x -d "The ensemble's syncLimit"
complete -c leasehold -n "$ensemble" -l standalone -d "The ensemble is one server alone"
complete -c leasehold -n "$ensemble" -l ack-gap -x -d "Slowest reply that proves the lease"
complete -c leasehold -n "$ensemble" -l clock-drift -x -d "Bound on the relative rate of the clocks"
complete -c leasehold -n "$ensemble" -l margin -x -d "Fixed safety margin"
complete -c leasehold -n "$ensemble" -l lease-evidence -x -a "conservative quorum" -d "What the lease rests on"
complete -c leasehold -n "$ensemble" -l config -r -F -d "Options of the ensemble"
complete -c leasehold -n "$ensemble" -l tls -d "TLS, as with tls:// before the hosts"
complete -c leasehold -n "$ensemble" -l tls-ca -r -F -d "Authorities that may sign certificates"
complete -c leasehold -n "$ensemble" -l tls-ca-dir -r -F -d "The same, with hashed names"
complete -c leasehold -n "$ensemble" -l tls-cert -r -F -d "Our own certificate"
complete -c leasehold -n "$ensemble" -l tls-key -r -F -d "Its key"
complete -c leasehold -n "$ensemble" -l tls-passphrase-file -r -F -d "Its first line decrypts the key"
complete -c leasehold -n "$ensemble" -l tls-passphrase-env -x -a "(set -nx)" -d "The variable that decrypts the key"
complete -c leasehold -n "$ensemble" -l tls-server-name -x -d "Whom the certificates have to be for"
complete -c leasehold -n "$ensemble" -l tls-min-version -x -a "1.2 1.3" -d "The oldest version of TLS"
complete -c leasehold -n "$ensemble" -l auth-file -r -F -d "Credentials"
complete -c leasehold -n "$ensemble" -l auth-env -x -a "(set -nx)" -d "The variable that has credentials"
complete -c leasehold -n "$ensemble" -l sasl-mechanism -x -a "digest-md5 gssapi" -d "Prove by SASL who we are"
complete -c leasehold -n "$ensemble" -l sasl-user -x -d "With digest-md5: who we are"
complete -c leasehold -n "$ensemble" -l sasl-password-file -r -F -d "Its first line is the password"
complete -c leasehold -n "$ensemble" -l sasl-password-env -x -a "(set -nx)" -d "The variable that has the password"
complete -c leasehold -n "$ensemble" -l sasl-service -x -d "The first part of the servers' principal"
complete -c leasehold -n "$ensemble" -l sasl-server-name -x -d "The servers' name in SASL"
complete -c leasehold -n "$ensemble" -l sasl-realm -x -d "With digest-md5: the realm"

set -l command "__leasehold_is run elect"
complete -c leasehold -n "$command" -l grace -x -d "From SIGTERM to SIGKILL"
complete -c leasehold -n "$command" -l lock-delay -x -d "Pause before the next one"
complete -c leasehold -n "$command" -l naming -x -a "curator curator-rw kazoo" -d "Whose locks are there, too"
complete -c leasehold -n "$command" -l open-acl -d "Everybody may do everything with the nodes"
# Behind "--": commands and files, as on any command line.
complete -c leasehold -n "not __leasehold_is_before_command" -F

set -l run "__leasehold_is run"
complete -c leasehold -n "$run" -l budget -x -d "How long the command may run"
complete -c leasehold -n "$run" -l shared -d "Together with others that share the lock"
complete -c leasehold -n "$run" -l upgradable -d "Together with those that share it"
complete -c leasehold -n "$run" -l permits -x -d "One of N permits, not a lock"
complete -c leasehold -n "$run" -l also -x -d "One more path, locked together with the first"

complete -c leasehold -n "__leasehold_is elect" -l payload -x -d "What others are told of the leader"
complete -c leasehold -n "__leasehold_is ls" -l json -d "An array of objects, for programs"

set -l serve "__leasehold_is serve"
complete -c leasehold -n "$serve" -l listen -x -d "Where the first node listens"
complete -c leasehold -n "$serve" -l nodes -x -d "How many servers"
complete -c leasehold -n "$serve" -l tick -x -d "The servers' tickTime"
complete -c leasehold -n "$serve" -l public -d "Allow an address that others can reach"
