# needs: podman conmon catatonit iptables socat
# tests/engines/podman_pods.sh: networks, pods, kube and builds of podman, as root
# shellcheck source=tests/engines/parts/containers.sh
. "$TESTS/engines/parts/containers.sh"

engine_start()
{
	containers_conf
	image_import
}

engine_stop()
{
	podman pod rm --all --force --time 0
	nothing_left
}

case_end()
{
	podman pod rm --all --force --time 0
	remove_all
	podman network prune --force
}

# --- networks ---

test_bridge()
{
	podman run --detach --name c box sh -c 'while :; do echo hello | nc -l -p 80; done'
	_ip=$(inspect c .NetworkSettings.IPAddress)
	expect_match '^10\.88\.' "$_ip"
	expect_eq hello "$(podman run --rm box nc -w 5 "$_ip" 80)" 'from another container'
	expect_eq hello "$(within 10 socat -u "TCP:$_ip:80,retry=20,interval=0.1" -)" 'from the host'
	expect_match '^default via 10.88.0.1' "$(podman run --rm box ip route)"
}

test_published_port()
{
	podman run --detach --name c --publish 127.0.0.1:8099:80 box sh -c 'while :; do echo hello | nc -l -p 80; done'
	expect_eq hello "$(within 10 socat -u TCP:127.0.0.1:8099,retry=20,interval=0.1 -)"
	podman rm --force --time 0 c
	expect_status any socat -u TCP:127.0.0.1:8099 -
}

test_names_on_a_network()
{
	podman network create own > out
	podman run --detach --name server --network own box sh -c 'while :; do echo hello | nc -l -p 80; done'
	expect_eq hello "$(podman run --rm --network own box sh -c "$HEAR" server)"
	podman run --detach --name other box sleep 1000
	podman network connect own other
	expect_match 'eth1' "$(podman run --rm --network container:other box ip addr)"
	podman network disconnect own other
	expect_no_match 'eth1' "$(podman run --rm --network container:other box ip addr)"
	podman rm --force --time 0 server other > out
	podman network rm own
}

test_network_of_the_host_and_none()
{
	expect_eq "$(readlink /proc/self/ns/net)" "$(podman run --rm --network host box readlink /proc/self/ns/net)"
	expect_eq lo "$(podman run --rm --network none box ls /sys/class/net)"
	expect_match 'UP' "$(podman run --rm --network none box ip link show lo)"
}

test_fixed_address()
{
	podman network create --subnet 10.99.0.0/24 fixed > out
	expect_match '10\.99\.0\.77/24' "$(podman run --rm --network fixed --ip 10.99.0.77 --mac-address 02:00:00:00:00:07 box ip addr show eth0)"
	podman network rm fixed
}

# --- pods ---

test_pod()
{
	podman pod create --name p > out
	podman run --detach --pod p --name server box sh -c 'while :; do echo hello | nc -l -p 80; done'
	expect_eq hello "$(podman run --rm --pod p box sh -c "$HEAR" 127.0.0.1)"
	podman run --detach --pod p --name second box sleep 1000
	for _kind in net ipc uts; do
		expect_eq "$(readlink "/proc/$(inspect server .State.Pid)/ns/$_kind")" \
			"$(readlink "/proc/$(inspect second .State.Pid)/ns/$_kind")" "$_kind"
	done
	expect_ne "$(readlink "/proc/$(inspect server .State.Pid)/ns/mnt")" "$(readlink "/proc/$(inspect second .State.Pid)/ns/mnt")"
	expect_eq Running "$(podman pod inspect --format '{{.State}}' p)"
	within 30 podman pod stop --time 0 p
	expect_eq Exited "$(podman pod inspect --format '{{.State}}' p)"
	within 30 podman pod start p
	expect_eq Running "$(podman pod inspect --format '{{.State}}' p)"
	within 30 podman pod kill p
	podman pod rm --force --time 0 p
}

test_pod_with_one_pid_namespace()
{
	podman pod create --name p --share pid,net,ipc > out
	podman run --detach --pod p box sleep 1000
	expect_match 'catatonit' "$(podman run --rm --pod p box ps -o args)"
	expect_match 'sleep 1000' "$(podman run --rm --pod p box ps -o args)"
}

test_pod_limits()
{
	podman pod create --name p --memory 128m --cpus 0.5 > out
	podman run --detach --pod p --name c box sleep 1000
	_path=$(sed -nE 's/^[0-9]+:memory:|^0:://p' "/proc/$(inspect c .State.Pid)/cgroup" | tail -n 1)
	expect_match '/libpod_pod_|libpod_parent' "$_path"
	if cgroup_v2; then
		expect_eq 134217728 "$(cat "/sys/fs/cgroup${_path%/*}/memory.max")"
	else
		same limit "$(cat "/sys/fs/cgroup/memory${_path%/*}/memory.limit_in_bytes")"
	fi
}

test_pod_pause()
{
	podman pod create --name p > out
	podman run --detach --pod p --name c box sleep 1000
	podman pod pause p
	expect_eq paused "$(inspect c .State.Status)"
	podman pod unpause p
	expect_eq running "$(inspect c .State.Status)"
}

test_pod_in_a_user_namespace()
{
	printf 'containers:1000000:1000000\n' > /etc/subuid
	printf 'containers:1000000:1000000\n' > /etc/subgid
	podman pod create --name p --userns auto:size=5000 > out
	podman run --detach --pod p --name c box sleep 1000
	expect_match '1000000 +5000' "$(cat "/proc/$(inspect c .State.Pid)/uid_map")"
	expect_eq 0 "$(podman run --rm --pod p box id -u)"
}

test_init_container_of_a_pod()
{
	podman pod create --name p > out
	podman create --pod p --name first --init-ctr once -v data:/data box sh -c 'echo prepared > /data/file' > out
	podman create --pod p --name c -v data:/data box sh -c 'cat /data/file; sleep 1000' > out
	podman pod start p
	wait_for logs_have c prepared
	podman pod rm --force --time 0 p
	podman volume rm data
}

test_play_kube()
{
	cat > pod.yaml <<-'EOF'
	apiVersion: v1
	kind: ConfigMap
	metadata: { name: conf }
	data: { WORD: hello }
	---
	apiVersion: v1
	kind: Pod
	metadata: { name: web }
	spec:
	  restartPolicy: Never
	  terminationGracePeriodSeconds: 1
	  initContainers:
	  - { name: prepare, image: localhost/box, imagePullPolicy: Never, command: [ sh, -c, "echo ready > /data/state" ],
	      volumeMounts: [ { name: data, mountPath: /data } ] }
	  containers:
	  - name: server
	    image: localhost/box
	    imagePullPolicy: Never
	    command: [ sh, -c, "cat /data/state; while :; do echo $WORD | nc -l -p 8080; done" ]
	    env: [ { name: WORD, valueFrom: { configMapKeyRef: { name: conf, key: WORD } } } ]
	    volumeMounts: [ { name: data, mountPath: /data } ]
	    resources: { limits: { memory: 64Mi, cpu: "0.5" } }
	    securityContext: { runAsUser: 0, capabilities: { drop: [ ALL ] }, readOnlyRootFilesystem: true }
	  - { name: client, image: localhost/box, imagePullPolicy: Never, command: [ sh, -c, "sleep 1; exec nc -w 5 127.0.0.1 8080" ] }
	  volumes:
	  - { name: data, emptyDir: {} }
	EOF
	podman play kube pod.yaml > out
	wait_for logs_have web-server ready
	wait_for logs_have web-client hello
	expect_eq 67108864 "$(inspect web-server .HostConfig.Memory)"
	podman generate kube web > again.yaml
	expect_match 'name: web-server' "$(cat again.yaml)"
	# Nobody in there listens to TERM: podman would wait 10 s for each.
	podman pod kill web > out
	within 60 podman play kube --down pod.yaml > out
	expect_eq '' "$(podman ps --all --quiet)"
}

# --- builds ---

test_build()
{
	mkdir context
	echo 'from the context' > context/file
	cat > context/Containerfile <<-'EOF'
	FROM localhost/box AS first
	RUN echo built > /result && id -u > /uid
	FROM localhost/box
	ARG WORD=default
	ENV GREETING=$WORD
	COPY --from=first /result /result
	COPY file /file
	WORKDIR /work/dir
	RUN cat /result /file > all && pwd >> all && echo $GREETING >> all
	USER 1000
	RUN id -u > /tmp/who
	ENTRYPOINT [ "cat" ]
	CMD [ "/work/dir/all" ]
	EOF
	podman build -q --isolation oci --network none --build-arg WORD=hello --tag localhost/built context > out
	expect_eq "$(printf 'built\nfrom the context\n/work/dir\nhello')" "$(podman run --rm --network none localhost/built)"
	expect_eq 1000 "$(podman run --rm --network none localhost/built /tmp/who)"
	podman rmi localhost/built > out
}

test_build_that_fails()
{
	printf 'FROM localhost/box\nRUN exit 17\n' > Containerfile
	expect_status any podman build --isolation oci --network none .
	same 'a command that fails' "$STATUS"
	expect_match 'exit status 17|status 17' "$ERROR"
	printf 'FROM localhost/box\nRUN [ "/bin/nowhere" ]\n' > Containerfile
	expect_status any podman build --isolation oci --network none .
	same 'a command that is missing' "$STATUS"
	expect_match '/bin/nowhere' "$ERROR"
}

test_build_mounts_and_options()
{
	cat > Containerfile <<-'EOF'
	FROM localhost/box
	RUN --mount=type=cache,target=/cache echo kept > /cache/file
	RUN --mount=type=cache,target=/cache cat /cache/file > /copy
	RUN --mount=type=tmpfs,target=/t touch /t/file && grep ' /t ' /proc/mounts
	RUN --mount=type=secret,id=word cat /run/secrets/word > /secret
	RUN cat /vol/file > /from-volume
	RUN payload status CapEff > /caps
	EOF
	mkdir vol
	echo volume > vol/file
	printf 'well kept' > word
	podman build -q --isolation oci --network none --secret id=word,src=word --volume "$PWD/vol:/vol:ro" --cap-drop NET_RAW \
		--memory 256m --tag localhost/built . > out
	expect_match '^kept$' "$(podman run --rm --network none localhost/built cat /copy)"
	expect_eq 'well kept' "$(podman run --rm --network none localhost/built cat /secret)"
	expect_eq volume "$(podman run --rm --network none localhost/built cat /from-volume)"
	same capabilities "$(podman run --rm --network none localhost/built cat /caps)"
	podman rmi localhost/built > out
}

test_build_leaves_no_container()
{
	printf 'FROM localhost/box\nRUN sh -c "sleep 1000 & exit 0"\n' > Containerfile
	within 50 podman build -q --isolation oci --network none --tag localhost/built . > out
	podman rmi localhost/built > out
	expect_no_match sleep "$(ps -e -o comm=)"
	expect_eq '' "$(find /sys/fs/cgroup -name 'buildah*')"
}
