# Wrong configurations: each is refused with file, line, column, path and reason, before anything on the system has changed.

setup()
{
	bundle_new b
}

# After these edits, create and run refuse the config with the place of PATH; the line told holds its last name.
refused() # PATH REGEX_OF_REASON FILTER...
{
	path=$1
	reason=$2
	shift 2
	config "$@"
	id_new
	expect_status 1 hind create --bundle "$BUNDLE" "$ID" < /dev/null
	line=$(printf '%s\n' "$ERROR" | sed 's/^hind: //' | grep -F ": .$path: " | head -1)
	[ -n "$line" ] || fail "no line for .$path in: $ERROR"
	expect_match '^config\.json:[1-9][0-9]*:[1-9][0-9]*: ' "$line" place
	expect_match "^config\.json:[0-9:]+ \.[^ ]+: .*($reason)" "$line" reason
	expect_no_match '[.!]$' "$line" 'end of the reason'
	number=$(echo "$line" | cut -d : -f 2)
	name=$(echo "$path" | sed -E 's/\[[0-9]+\]$//; s/.*\.//')
	# An element of an array stands on a line of its own below its name; what is missing is told where it should stand.
	case "$path $reason" in
	*'] '* | *missing) name='' ;;
	esac
	sed -n "${number}p" b/config.json | grep -qF -e "$name" || fail "line $number does not hold '$name': $(sed -n "${number}p" b/config.json)"
	expect_status 1 hind run --bundle "$BUNDLE" "$ID"
	[ ! -e "$HIND_ROOT/$ID" ] || fail "a directory was made"
	expect_no_leak
}

test_args_empty()
{
	refused process.args '' '.process.args=[]'
}

test_cwd_relative()
{
	refused process.cwd 'absolute|begin' '.process.cwd="tmp"'
}

test_version_of_the_future()
{
	refused ociVersion '2\.0\.0|1\.' '.ociVersion="2.0.0"'
}

test_uid_negative()
{
	refused process.user.uid '' '.process.user.uid=-1'
}

test_uid_too_large()
{
	refused process.user.uid '' '.process.user.uid=4294967296'
}

test_env_without_equals()
{
	refused 'process.env[0]' '=' '.process.env=["NOVALUE"]'
}

test_rlimit_unknown()
{
	refused 'process.rlimits[0].type' '' '.process.rlimits=[{"type":"RLIMIT_BOGUS","soft":1,"hard":1}]'
}

test_rlimit_soft_above_hard()
{
	refused 'process.rlimits[0].soft' 'hard' '.process.rlimits=[{"type":"RLIMIT_CORE","soft":2,"hard":1}]'
}

test_rlimit_twice()
{
	refused 'process.rlimits[1].type' '' \
		'.process.rlimits=[{"type":"RLIMIT_CORE","soft":1,"hard":1},{"type":"RLIMIT_CORE","soft":1,"hard":1}]'
}

test_capability_malformed()
{
	refused 'process.capabilities.bounding[0]' 'CAP_' '.process.capabilities.bounding=["net raw"]'
}

test_namespace_unknown()
{
	refused 'linux.namespaces[0].type' '' '.linux.namespaces[0].type="nets"'
}

test_namespace_twice()
{
	refused 'linux.namespaces[6].type' '' '.linux.namespaces=[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
		{"type":"mount"},{"type":"cgroup"},{"type":"pid"}]'
}

test_mount_destination_missing()
{
	refused 'mounts[0].destination' 'missing' 'del(.mounts[0].destination)'
}

test_device_type_unknown()
{
	refused 'linux.devices[0].type' '' '.linux.devices=[{"path":"/dev/x","type":"z","major":1,"minor":1}]'
}

test_device_path_relative()
{
	refused 'linux.devices[0].path' 'absolute|begin' '.linux.devices=[{"path":"dev/x","type":"c","major":1,"minor":1}]'
}

test_sysctl_of_the_host()
{
	refused 'linux.sysctl.kernel.core_pattern' '' '.linux.sysctl={"kernel.core_pattern":"x"}'
}

test_seccomp_action_unknown()
{
	refused linux.seccomp.defaultAction '' '.linux.seccomp={"defaultAction":"SCMP_ACT_MAYBE"}'
}

test_seccomp_operator_unknown()
{
	refused 'linux.seccomp.syscalls[0].args[0].op' '' '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],
		"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_SOMETIMES"}]}]}'
}

test_seccomp_argument_index()
{
	refused 'linux.seccomp.syscalls[0].args[0].index' '' '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],
		"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}'
}

test_mapping_without_user_namespace()
{
	refused linux.uidMappings 'user' '.linux.uidMappings=[{"containerID":0,"hostID":0,"size":1}]'
}

test_propagation_unknown()
{
	refused linux.rootfsPropagation '' '.linux.rootfsPropagation="sometimes"'
}

test_masked_path_relative()
{
	refused 'linux.maskedPaths[0]' 'absolute|begin' '.linux.maskedPaths=["proc/kcore"]'
}

test_memory_limit_text()
{
	refused linux.resources.memory.limit '' '.linux.resources.memory={"limit":"64m"}'
}

test_oom_score_out_of_range()
{
	refused process.oomScoreAdj '1000' '.process.oomScoreAdj=1001'
}

test_hook_path_relative()
{
	refused 'hooks.poststop[0].path' 'absolute|begin' '.hooks={"poststop":[{"path":"x"}]}'
}
