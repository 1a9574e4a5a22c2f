# features: what engines ask before they rely on something
# covers: hind/--version

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

# Every member that the schema has is there, and no other; the schema itself is held against the runtime-spec's by tests/schemas.py.
test_every_member_of_the_schema()
{
	schema=$TESTS/../schemas/features.json
	jq -r '.properties|keys[]' "$schema" > want
	jq -r 'keys[]' f.json > got
	expect_eq "$(cat want)" "$(cat got)" members
	jq -r '.["$defs"].FeaturesLinux.properties|to_entries[]|[.key,(.value["$ref"]//""|ltrimstr("#/$defs/"))]|@tsv' "$schema" > parts
	while read -r part type; do
		has ".linux|has(\"$part\")"
		[ -n "$type" ] || continue
		expect_eq "$(jq -c ".[\"\$defs\"].$type.properties|keys" "$schema")" "$(jq -c ".linux.$part|keys" f.json)" "linux.$part"
	done < parts
	[ -s parts ] || fail 'the schema has no linux'
}

# Values are those that the schema of config.json takes, all of them.
test_names_are_those_of_the_configuration()
{
	schema=$TESTS/../schemas/config.json
	expect_eq "$(jq -c '.["$defs"].MemoryPolicy.properties.mode.enum|sort' "$schema")" "$(jq -c '.linux.memoryPolicy.modes|sort' f.json)"
	expect_eq "$(jq -c '.["$defs"].MemoryPolicy.properties.flags.items.enum|sort' "$schema")" "$(jq -c '.linux.memoryPolicy.flags|sort' f.json)"
	expect_eq "$(jq -c '.["$defs"].Namespace.properties.type.enum|sort' "$schema")" "$(jq -c '.linux.namespaces|sort' f.json)"
	expect_eq "$(jq -c '.["$defs"].Hooks.properties|keys' "$schema")" "$(jq -c '.hooks|sort' f.json)"
}

test_annotations()
{
	expect_status 0 hind --version
	has ".annotations[\"run.hind.version\"]==\"$(printf '%s\n' "$OUTPUT" | sed -n 's/^hind version //p')\""
	has ".annotations[\"run.hind.commit\"]==\"$(printf '%s\n' "$OUTPUT" | sed -n 's/^commit: //p')\""
	has '.annotations["io.github.seccomp.libseccomp.version"]|test("^[0-9]+\\.[0-9]+\\.[0-9]+$")'
	# Who obeys an annotation says so.
	grep -rhoE '"(run\.oci|org\.criu|org\.systemd)\.[a-z_.]+"' "$TESTS/../src" | sort -u | tr -d '"' > obeyed
	[ -s obeyed ] || fail 'no annotation in the sources'
	while read -r name; do
		has "any(.potentiallyUnsafeConfigAnnotations[]; . as \$known|\"$name\"|startswith(\$known))"
	done < obeyed
}

# Engines look for what they know from runc. acl and noacl are options of file systems here, which get them as any other.
test_all_that_runc_has()
{
	command -v runc > runc || skip 'runc is not installed'
	runc features > runc.json || skip 'this runc has no features'
	missing=$(jq -rn --slurpfile ours f.json --slurpfile theirs runc.json '
		def leaves: [paths(type!="object" and type!="array") as $p|[($p|map(select(type=="string"))),getpath($p)]];
		($theirs[0]|leaves)-($ours[0]|leaves)|.[]|select(.[0][0]!="annotations" and .[0][0]!="ociVersionMax")
		|select(.[1]!="acl" and .[1]!="noacl")|tojson')
	# Cgroups by systemd are to come.
	if [ "$(jq .linux.cgroup.systemd f.json)" = false ]; then
		missing=$(printf '%s\n' "$missing" | grep -v '"systemd' || :)
	fi
	expect_eq '' "$missing" 'what runc has more'
}

test_checkpoint_is_offered()
{
	has '.annotations["org.opencontainers.runc.checkpoint.enabled"]=="true"'
	has '.potentiallyUnsafeConfigAnnotations|index("org.criu.config")!=null'
}
