# Completes 'leasehold' in bash. Installed as bash-completion/completions/leasehold; or source it.

_leasehold() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local ensemble="--connect --wait --session-timeout --tick --sync-limit --standalone --ack-gap
        --clock-drift --margin --lease-evidence --config --tls --tls-ca --tls-ca-dir --tls-cert --tls-key
        --tls-passphrase-file --tls-passphrase-env --tls-server-name --tls-min-version
        --auth-file --auth-env --sasl-mechanism --sasl-user --sasl-password-file
        --sasl-password-env --sasl-service --sasl-server-name --sasl-realm --help"
    local command=${COMP_WORDS[1]} options="" i
    COMPREPLY=()

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "run elect ls serve --help --version" -- "$word")
        return
    fi
    if [[ $command == run || $command == elect ]]; then
        # Behind "--" stands the command that is run: what any command line completes.
        for ((i = 2; i < COMP_CWORD; i++)); do
            [[ ${COMP_WORDS[i]} == -- ]] || continue
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((COMP_CWORD == i + 1)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi
            return
        done
    fi
    case $before in
    --naming)
        mapfile -t COMPREPLY < <(compgen -W "curator curator-rw kazoo" -- "$word")
        return
        ;;
    --lease-evidence)
        mapfile -t COMPREPLY < <(compgen -W "conservative quorum" -- "$word")
        return
        ;;
    --sasl-mechanism)
        mapfile -t COMPREPLY < <(compgen -W "digest-md5 gssapi" -- "$word")
        return
        ;;
    --tls-min-version)
        mapfile -t COMPREPLY < <(compgen -W "1.2 1.3" -- "$word")
        return
        ;;
    --config | --tls-ca | --tls-cert | --tls-key | --tls-passphrase-file | --auth-file | \
        --sasl-password-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --tls-ca-dir)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    --tls-passphrase-env | --auth-env | --sasl-password-env)
        mapfile -t COMPREPLY < <(compgen -e -- "$word")
        return
        ;;
    --listen)
        mapfile -t COMPREPLY < <(compgen -W "localhost" -- "$word")
        return
        ;;
    --connect | --wait | --session-timeout | --tick | --sync-limit | --ack-gap | --clock-drift | \
        --margin | --tls-server-name | --sasl-user | --sasl-service | --sasl-server-name | \
        --sasl-realm | --budget | --grace | --lock-delay | --permits | --also | --payload | --nodes)
        return # a value that nobody can guess
        ;;
    esac
    case $command in
    run)
        options="$ensemble --budget --grace --lock-delay --shared --upgradable --permits --also
            --naming --open-acl --"
        ;;
    elect) options="$ensemble --grace --lock-delay --payload --naming --open-acl --" ;;
    ls) options="$ensemble --json" ;;
    serve) options="--listen --nodes --tick --public --help" ;;
    esac
    [[ $word != [!-]* ]] || return 0
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}

complete -F _leasehold leasehold
