# needs: dockerd containerd iptables
# tests/engines/docker_build.sh: docker build, the classic one and BuildKit
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

# BuildKit knows no runtimes: it executes `runc` from dockerd's PATH. What it asks of it is written down.
engine_start()
{
	mkdir "$SESSION/bin"
	cat > "$SESSION/bin/runc" <<-EOF
	#!/bin/sh
	echo "\$*" >> "$SESSION/calls"
	exec /usr/local/bin/hind "\$@"
	EOF
	chmod 755 "$SESSION/bin/runc"
	PATH=$SESSION/bin:$PATH docker_start
	: > "$SESSION/calls"
}

engine_stop()
{
	docker builder prune --all --force
	docker image prune --all --force
	nothing_left
	expect_eq '' "$(find /var/lib/docker/buildkit/executor -mindepth 1 -maxdepth 1 -type d)" 'left of BuildKit'
}

case_end()
{
	remove_all
}

# Each RUN is a container; `step` makes what it does unique, or a cache would answer.
project() # NAME
{
	mkdir -p "$1/dir"
	echo word > "$1/dir/file"
	cat > "$1/Dockerfile" <<-'EOF'
	FROM box
	ENV WORD=hello
	COPY dir /data
	RUN echo "$WORD $(cat /data/file)" > /made && id > /id
	RUN test "$(cat /made)" = 'hello word' && touch /dev/shm/x && ls /dev > /devices
	USER user
	WORKDIR /home/user
	RUN id -u > number && pwd > place
	USER root
	ENTRYPOINT ["cat"]
	CMD ["/made", "/home/user/number", "/home/user/place"]
	EOF
}

failing() # LINE...: a Dockerfile on standard input of docker build
{
	{
		echo FROM box
		printf '%s\n' "$@"
	} | docker build - 2>&1
}

build() # by both
{
	project p
	expect_status 0 docker build --tag built p
	expect_eq 'hello word 1000 /home/user' "$(box --rm built | xargs)"
	same devices "$(box --rm built /devices)"
	docker rmi --force built
	expect_status any failing 'RUN exit 7'
	expect_match '(returned a non-zero code|exit code): 7' "$OUTPUT"
	expect_status any failing 'RUN ["/bin/nowhere"]'
	expect_match 'no such file or directory|executable file not found' "$OUTPUT"
	expect_status any failing 'RUN nowhere'
	expect_match '(returned a non-zero code|exit code): 127' "$OUTPUT"
}

test_classic()
{
	export DOCKER_BUILDKIT=0
	build
	expect_eq '' "$(grep -v -- --version "$SESSION/calls" || :)" 'calls by the name runc'
}

test_buildkit()
{
	export DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain
	: > "$SESSION/calls"
	build
	expect_match 'run --bundle /var/lib/docker/buildkit/executor/[a-z0-9]+ .*[a-z0-9]{25}$' "$(cat "$SESSION/calls")"
	expect_lines 6 "$(grep 'run --bundle' "$SESSION/calls")"
	same 'what buildkit asks for' "$(sed -E 's/[a-z0-9]{25}/ID/g' "$SESSION/calls" | sort | uniq -c)"
}

test_buildkit_mounts()
{
	export DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain
	mkdir p
	echo secret > p/secret
	cat > p/Dockerfile <<-'EOF'
	FROM box AS first
	RUN --mount=type=cache,target=/cache echo cached > /cache/file
	RUN --mount=type=cache,target=/cache --mount=type=secret,id=word --mount=type=tmpfs,target=/scratch \
		cat /cache/file /run/secrets/word > /made && touch /scratch/x
	RUN --mount=type=bind,source=secret,target=/bound cat /bound >> /made
	FROM box
	COPY --from=first /made /made
	EOF
	expect_status 0 docker build --secret id=word,src=p/secret --tag built p
	expect_eq 'cached secret secret' "$(box --rm built cat /made | xargs)"
	docker rmi --force built
}

# Who interrupts the build, ends its container.
test_buildkit_interrupted()
{
	export DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain
	printf 'FROM box\nRUN echo begun && sleep 1234\n' > Dockerfile
	docker build . > out 2>&1 &
	_build=$!
	wait_for sh -c 'ps -e -o args= | grep -q "^sleep 1234"'
	kill -INT $_build
	wait_for sh -c '! ps -e -o args= | grep "^sleep 1234"'
	wait $_build && fail 'the build was a success'
	expect_match 'kill .*' "$(cat "$SESSION/calls")"
}
