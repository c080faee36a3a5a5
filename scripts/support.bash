# Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

# Sourced by the scripts that start something which must not outlive them.

command=

# run COMMAND...: runs it in the background and waits, so that a signal to this script is heard at once. The command
# still has its terminal and input, ends with this script even if that is killed, and does not inherit that the shell
# ignores SIGINT for background commands.
run() {
    local status=0
    setpriv --pdeathsig TERM env --default-signal=INT,QUIT "$@" <&0 &
    command=$!
    wait "$command" || status=$?
    command=
    return "$status"
}

# end PROCESS: SIGTERM, and SIGKILL five seconds later; to its whole process group if it leads one.
end() {
    local target=$1
    if kill -0 -- "-$1" 2>/dev/null; then target=-$1; fi
    kill -- "$target" 2>/dev/null || return 0
    for _ in {1..100}; do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.05
    done
    # What is left of a group has lost its leader; a second is what it needs to clean up.
    [ "$target" = "$1" ] || sleep 1
    kill -KILL -- "$target" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# at_exit FUNCTION: whatever ends this script, what runs is ended and FUNCTION is called.
at_exit() {
    # shellcheck disable=SC2064 # the name is meant to be fixed now
    trap "trap '' INT TERM HUP; [ -z \"\$command\" ] || end \"\$command\"; $1" EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
}
