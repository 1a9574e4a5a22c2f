# shellcheck shell=dash
# hind beside runc and crun, for tests/run/peers*.sh, which source this: the same done with each of them, and what was seen compared.
# The newest ones that can be had (tests/newest_peers.sh), or the installed ones.

setup()
{
	NEWEST=1
	if _dir=$(sh "$TESTS/newest_peers.sh" 2> newest.log); then
		PATH=$_dir:$PATH
	else
		NEWEST=
	fi
	peers=
	for _peer in runc crun; do
		command -v "$_peer" > which.log && peers="$peers $_peer"
	done
	[ -n "$peers" ] || skip "neither runc nor crun is installed; $(cat newest.log)"
	: > nothing
	: > differences
}

# What hind does otherwise on purpose: the key of the line, the peers that it differs from, the reason. One that differs no more
# fails, too, where the peers are the newest. old-crun: what the crun 1.8 of Debian 12 does not yet do as later ones.
on_purpose()
{
	cat <<-'END'
	state.version runc,crun hind's is config.json's, which the state follows as well; theirs is the newest that they know
	state.rootfs crun absolute, as with runc; crun repeats config.json
	state.members crun systemd-scope is crun's own
	restore.state.members crun systemd-scope is crun's own
	state.owner crun runc's is empty, too: who asks is the owner of the state; list says it
	list.none.json runc an array without elements, where runc has null
	list.none crun runc's headings
	list.head crun runc's headings
	list.json.members crun what runc has
	ps.head crun what ps(1) says, as with runc; crun has the pids alone
	ps.row crun what ps(1) says, as with runc; crun has the pids alone
	exec.dashes runc,crun `--` ends the options behind an id, too: no program is called so
	exec.user.name crun 255 is a failure of the runtime, as with runc: with 1 it could be the program's
	exec.missing crun 255, as above
	exec.missing.absolute crun 255, as above
	exec.directory crun 255, as above
	exec.caps crun noNewPrivileges of config.json holds for exec, too, as with runc
	exec.cap crun more capabilities, as with runc; crun has none but these
	exec.cgroup crun CONTROLLER:PATH, as with runc
	exec.cgroup.none crun an existing cgroup, as with runc; crun makes it
	spec.namespaces runc,crun a cgroup namespace on cgroup v1, too
	spec.rootless.namespaces runc,crun a cgroup namespace on cgroup v1, too; without a network, as with runc
	spec.rootless.uidMappings crun as runc: with the mapping
	spec.rootless.gidMappings crun as runc: with the mapping
	spec.rootless.resources crun as runc: none
	spec.maskedPaths runc,crun what engines mask since 2024 as well
	spec.hostname runc,crun each has its own name
	spec.bounding runc,crun what engines give: with less a root shell can install nothing
	version crun what runc says; crun names its directory, too
	unknown.ps crun 1, as runc and as all of crun's other commands
	unknown.exec crun 255, as exec.missing
	stopped.exec crun 255, as exec.missing
	stopped.update crun an error, as with runc
	created.resume crun an error, as with runc
	usage.command runc 1, as crun and as every other wrong use
	usage.exec.no.id runc,crun 255, whatever has kept exec from starting the program
	usage.option crun 1, as runc; crun has what argp gives
	usage.option.global crun 1, as runc
	usage.value crun 1, as runc
	program.interpreter runc 1, as crun: it is found out by create, where runc's start succeeds
	program.format runc 1, as program.interpreter
	kill.RTMIN+1 runc names of real-time signals, as crun and kill(1) have them
	kill.usr2 crun small letters, as runc and kill(1) take them
	pause.created runc,crun it stands still already, and would forget that it was never started
	pause.twice crun an error, as with runc
	pause.kill.state crun it ends, as with runc; crun's on cgroup v1 ends once it is resumed
	resume.running crun an error, as with runc
	kill.unknown old-crun an error
	run.keep old-crun no such option
	run.keep.state old-crun no such option
	run.keep.delete old-crun no such option
	list.none.json old-crun the same in more words
	exec.env old-crun the container's variables stay
	kill.RTMIN+1 old-crun names of real-time signals
	update.pids.none old-crun -1: no limit
	update.pids.none.value old-crun -1: no limit
	update.cpu.quota.none old-crun -1: no limit
	update.cpu.quota.none.value old-crun -1: no limit
	id.a_b old-crun refused
	stopped.ps old-crun no crash
	stopped.ps.json old-crun no crash
	state.stopped.pid old-crun 0
	events.ends runc with the container; runc's goes on for ever on cgroup v1
	END
}

has_peer() # RUNTIME
{
	case "$peers " in *" $1 "*) ;; *) return 1 ;; esac
}

# crun takes a cgroup2 mount beside v1 for a hierarchy of its own.
as() # RUNTIME ARG...
{
	_rt=$1
	shift
	case $_rt in
	hind) hind "$@" ;;
	crun) unshare -m sh -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec "$@"' sh \
		crun --root "$PWD/crun" "$@" ;;
	*) "$_rt" --root "$PWD/$_rt" "$@" ;;
	esac
}

bundle_for() # RUNTIME NAME [FILTER...]: becomes $BUNDLE. Version 1.0 of the specification is what all peers know
{
	_of=$1 _name=$2
	shift 2
	bundle_new "$_of-$_name" '.ociVersion="1.0.2"' '.root.readonly=false' ".linux.cgroupsPath=\"/$PREFIX-$_of-$_name\"" \
		'del(.linux.resources)' '.linux.namespaces|=map(select(.type!="cgroup"))' '.mounts|=map(select(.type!="cgroup"))' "$@"
}

create_for() # RUNTIME NAME [OPTION...]: of $BUNDLE; its output goes to a file, or the container would keep the pipe
{
	_of=$1 _name=$2
	shift 2
	as "$_of" create --bundle "$BUNDLE" "$@" "$PREFIX-$_name" > "$_of-$_name.log" 2>&1 < nothing
}

start_for() # RUNTIME NAME ARG...: a container that runs ARG..., of a new bundle
{
	_of=$1 _name=$2
	shift 2
	bundle_for "$_of" "$_name"
	args "$@"
	create_for "$_of" "$_name" || fail "$_of create: $(cat "$_of-$_name.log")"
	as "$_of" start "$PREFIX-$_name"
}

status_with() # RUNTIME NAME
{
	as "$1" state "$PREFIX-$2" | jq -r .status
}

is_at() # RUNTIME NAME STATUS: for wait_for
{
	[ "$(status_with "$1" "$2")" = "$3" ]
}

pid_with() # RUNTIME NAME
{
	as "$1" state "$PREFIX-$2" | jq -r .pid
}

remove_of() # RUNTIME NAME...
{
	_of=$1
	shift
	for _name; do
		as "$_of" delete --force "$PREFIX-$_name" > delete.log 2>&1 || :
	done
}

is_gone() # RUNTIME NAME
{
	! as "$1" state "$PREFIX-$2" > gone.log 2>&1
}

has_option() # RUNTIME COMMAND OPTION
{
	"$1" "$2" --help 2>&1 | grep -q -e "$3"
}

program() # RUNTIME: for what is not called by `as`
{
	case $1 in
	hind) echo "$HIND" ;;
	*) command -v "$1" ;;
	esac
}

# One line of what is to be compared, "KEY: STATUS OUTPUT", without what names the runtime.
seen() # RUNTIME KEY CMD...
{
	_of=$1 _key=$2
	shift 2
	_status=0
	"$@" > seen.out 2> seen.err < nothing || _status=$?
	printf '%s: %s %s\n' "$_key" "$_status" "$(tr '\n' ' ' < seen.out | sed "s|$PWD/||g; s|$_of-||g; s| *\$||")"
	[ "$_status" = 0 ] || printf '%s: %s\n' "$_key" "$(cat seen.err)" >&2
}

# FACTS RUNTIME prints lines "KEY: VALUE", and they are the same for every peer that is named, but for those in on_purpose.
compare() # FACTS [PEER...]
{
	_facts=$1
	shift
	[ $# -gt 0 ] || set -- runc crun
	for _runtime in hind "$@"; do
		[ "$_runtime" = hind ] || has_peer "$_runtime" || continue
		("$_facts" "$_runtime") > "facts.$_runtime" 2> "errors.$_runtime" ||
			fail "$_facts of $_runtime ends after '$(tail -n 1 "facts.$_runtime")': $(tail -n 5 "errors.$_runtime")"
		[ "$_runtime" = hind ] || judge_facts "$_runtime"
	done
	judge
}

judge_facts() # PEER
{
	on_purpose | awk -v peer="$1" -v old="$([ "$NEWEST" = 1 ] || echo "old-$1")" -v newest="$NEWEST" -v theirs="facts.$1" -v ours=facts.hind '
		function read(file, values,   line, key) {
			while ((getline line < file) > 0) {
				key = line
				sub(/: .*/, "", key)
				sub(/^[^ ]*: /, "", line)
				values[key] = values[key] line
				keys[key]
			}
		}
		index("," $2 ",", "," peer ",") || $2 == old { purpose[$1] }
		END {
			read(theirs, their); read(ours, our)
			for (key in keys)
				if (their[key] != our[key] && !(key in purpose))
					print key ": \"" their[key] "\" with " peer ", \"" our[key] "\" with hind"
				else if (newest && their[key] == our[key] && key in purpose)
					print key ": " peer " does the same, \"" our[key] "\", and is said to differ"
		}' >> differences
}

judge()
{
	[ ! -s differences ] || fail "$(cat differences errors.* 2> no.log)"
}
