# features: what engines ask before they rely on something

setup()
{
	expect_status 0 hind features
	printf '%s\n' "$OUTPUT" > f.json
}

has() # JQ_EXPRESSION
{
	jq -e "$1" f.json > out || fail "not so: $1"
}

test_versions_and_hooks()
{
	has '.ociVersionMin=="1.0.0"'
	has '.ociVersionMax=="1.3.0"'
	has '(.hooks|sort)==(["prestart","createRuntime","createContainer","startContainer","poststart","poststop"]|sort)'
}

test_mount_options()
{
	for option in ro rw rro rbind bind nosuid nodev noexec rprivate rshared rslave tmpcopyup nosymfollow rnosymfollow relatime; do
		has ".mountOptions|index(\"$option\")!=null"
	done
	has '.mountOptions==(.mountOptions|unique)'
}

test_linux()
{
	has '(.linux.namespaces|sort)==(["cgroup","ipc","mount","network","pid","time","user","uts"])'
	has '.linux.capabilities|length>=41'
	has '.linux.capabilities|index("CAP_SYS_ADMIN")!=null'
	has '.linux.cgroup.v1==true and .linux.cgroup.v2==true'
	has '.linux.mountExtensions.idmap.enabled|type=="boolean"'
}

test_seccomp()
{
	has '.linux.seccomp.enabled==true'
	for action in SCMP_ACT_ALLOW SCMP_ACT_ERRNO SCMP_ACT_KILL_PROCESS SCMP_ACT_NOTIFY SCMP_ACT_LOG; do
		has ".linux.seccomp.actions|index(\"$action\")!=null"
	done
	has '.linux.seccomp.operators|length==7'
	has '.linux.seccomp.archs|index("SCMP_ARCH_X86_64")!=null'
	has '.linux.seccomp.knownFlags|index("SECCOMP_FILTER_FLAG_TSYNC")!=null'
	has '.linux.seccomp.supportedFlags-.linux.seccomp.knownFlags==[]'
}

# What it says is true: each namespace can be asked for.
test_namespaces_are_no_empty_promise()
{
	bundle_new b
	args true
	for type in $(jq -r '.linux.namespaces[]' f.json); do
		case $type in
		mount | user) continue ;;
		esac
		config '.hostname=null' ".linux.namespaces=[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]"
		config ".linux.namespaces=(.linux.namespaces+[{\"type\":\"$type\"}]|unique)"
		expect_status 0 run
	done
}
