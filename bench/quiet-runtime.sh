#!/bin/sh
# Starts the runtime with its standard output thrown away by the kernel. The simulator would parse every line of a Worker's
# log in a process that shares the machine with the load: work that no deployment does and that is not what is measured.
exec "$QUIET_RUNTIME" "$@" >/dev/null
