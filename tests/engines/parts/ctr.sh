# shellcheck shell=dash
# What the files on containerd share: the daemon, and the test image as an OCI layout.

containerd_start()
{
	# It forgets the directory of each checkpoint there.
	mkdir -p "$SESSION/tmp"
	TMPDIR=$SESSION/tmp containerd "$@" >> "$SESSION/containerd.log" 2>&1 < /dev/null &
	echo $! > "$SESSION/containerd.pid"
	wait_for containerd_answers
}

containerd_answers()
{
	kill -0 "$(cat "$SESSION/containerd.pid")" || fail "containerd: $(tail -n 3 "$SESSION/containerd.log")"
	ctr version > "$SESSION/version" 2>&1
}

containerd_stop() # [SIGNAL]
{
	kill "-${1:-TERM}" "$(cat "$SESSION/containerd.pid")"
	wait_for is_gone "$(cat "$SESSION/containerd.pid")"
}

blob() # FILE: moves it where its digest says; prints the digest and the size
{
	_digest=$(sha256sum "$1" | cut -d ' ' -f 1)
	_size=$(stat -c %s "$1")
	mv "$1" "$SESSION/layout/blobs/sha256/$_digest"
	echo "\"digest\": \"sha256:$_digest\", \"size\": $_size"
}

# One layer, which is the test image's tree.
oci_archive() # FILE NAME [COMMAND_AS_JSON]
{
	mkdir -p "$SESSION/layout/blobs/sha256"
	cp "$IMAGE_TAR" layer
	_diff=sha256:$(sha256sum layer | cut -d ' ' -f 1)
	_layer=$(blob layer)
	echo "{\"architecture\": \"$(dpkg --print-architecture)\", \"os\": \"linux\", \"config\": {\"Env\": [\"PATH=/bin\"], \"Cmd\": ${3:-[\"sh\"]}}, \
		\"rootfs\": {\"type\": \"layers\", \"diff_ids\": [\"$_diff\"]}}" > config
	_config=$(blob config)
	echo "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", \
		\"config\": {\"mediaType\": \"application/vnd.oci.image.config.v1+json\", $_config}, \
		\"layers\": [{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar\", $_layer}]}" > manifest
	_manifest=$(blob manifest)
	echo "{\"schemaVersion\": 2, \"manifests\": [{\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", $_manifest, \
		\"annotations\": {\"io.containerd.image.name\": \"$2\", \"org.opencontainers.image.ref.name\": \"latest\"}}]}" \
		> "$SESSION/layout/index.json"
	echo '{"imageLayoutVersion": "1.0.0"}' > "$SESSION/layout/oci-layout"
	tar -C "$SESSION/layout" -cf "$1" .
	rm -rf "$SESSION/layout"
}

# The error without what names the runtime and its own way to the reason.
error_without_names() # TEXT
{
	printf '%s\n' "$1" | sed -E '/^See |^$|error waiting for container/d; s/[0-9a-f]{64}/ID/g; s/^time=[^ ]* //
		s/(OCI runtime (create|start|exec) failed: ).*(exec: ".*)/\1\3/'
}

state_is_gone()
{
	for _dir in /run/containerd/runc/* /run/hind /run/runc; do
		[ ! -d "$_dir" ] || expect_eq '' "$(ls "$_dir")" "left in $_dir"
	done
	expect_eq '' "$(find /run/containerd/io.containerd.runtime.v2.task -mindepth 2 -maxdepth 2)" 'tasks left'
	expect_eq '' "$(grep /rootfs /proc/self/mountinfo || :)" 'mounts left'
	wait_for no_process_left
	units_gone
}

no_process_left()
{
	! ps -e -o comm= | grep -E 'containerd-shim|payload|sleep|hind|runc'
}
