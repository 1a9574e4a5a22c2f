# needs: dockerd containerd iptables nsenter
# timeout: 120
# tests/engines/swarm.sh: a swarm of two nodes, each with its own network stack, joined by a cable
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

# The kernel may have no IPVS, without which there are no virtual addresses: services answer by DNS round robin.
engine_start()
{
	docker_files
	containerd_start
	cable
	node 1
	node 2
	docker1 swarm init --advertise-addr 10.99.0.1 --listen-addr 10.99.0.1:2377
	docker2 swarm join --token "$(docker1 swarm join-token --quiet worker)" --advertise-addr 10.99.0.2 --listen-addr 10.99.0.2:2377 \
		10.99.0.1:2377
	for _node in 1 2; do
		docker$_node import --change 'CMD ["sh"]' "$IMAGE_TAR" box
	done
	docker1 network create --driver overlay --attachable wide
}

engine_stop()
{
	nothing_runs || fail 'containers left'
	docker2 swarm leave
	docker1 swarm leave --force
	docker_is_gone
}

case_end()
{
	_services=$(docker1 service ls --quiet)
	[ -z "$_services" ] || echo "$_services" | xargs docker -H unix:///run/node1.sock service rm
	docker1 node update --availability active "$(node_name 2)"
	eventually nothing_runs
}

cable()
{
	mkdir -p /run/netns
	for _node in 1 2; do
		ip netns add "node$_node"
	done
	ip link add cable1 netns node1 type veth peer name cable2 netns node2
	for _node in 1 2; do
		on $_node ip link set lo up
		on $_node ip address add "10.99.0.$_node/24" dev "cable$_node"
		on $_node ip link set "cable$_node" up
	done
}

on() # NODE CMD...: in its network; not by `ip netns exec`, which hides the cgroups
{
	_on=$1
	shift
	nsenter --net="/run/netns/node$_on" "$@"
}

docker1()
{
	docker -H unix:///run/node1.sock "$@"
}

docker2()
{
	docker -H unix:///run/node2.sock "$@"
}

node() # NUMBER
{
	session_dir "/var/lib/node$1"
	on "$1" unshare --uts sh -c "hostname node$1"' && exec "$@"' sh dockerd --containerd /run/containerd/containerd.sock \
		--containerd-namespace "node$1" --containerd-plugins-namespace "plugins$1" --default-ulimit nofile=1024:1024 \
		--storage-driver overlay2 --data-root "/var/lib/node$1" --exec-root "/run/node$1" --pidfile "/run/node$1.pid" \
		-H "unix:///run/node$1.sock" > "$SESSION/node$1.log" 2>&1 < /dev/null &
	eventually node_answers "$1"
}

node_answers() # NUMBER
{
	"docker$1" info > "$SESSION/info$1" 2>&1
}

node_name() # NUMBER
{
	"docker$1" info --format '{{.Swarm.NodeID}}'
}

containers() # NODE: ids of those that run there
{
	"docker$1" ps --quiet
}

nothing_runs()
{
	[ -z "$(containers 1)$(containers 2)" ]
}

runs() # NODE COUNT: for eventually
{
	[ "$(containers "$1" | wc -l)" -eq "$2" ]
}

run_in_all() # COUNT: for eventually
{
	[ "$({ containers 1 && containers 2; } | wc -l)" -eq "$1" ]
}

service() # NAME OPTIONS...: answers its host's name on port 80
{
	_name=$1
	shift
	docker1 service create --detach --quiet --no-resolve-image --endpoint-mode dnsrr --network wide --name "$_name" \
		--hostname '{{.Node.Hostname}}-{{.Task.Slot}}' --stop-signal KILL --restart-delay 100ms "$@" box \
		sh -c 'mkdir -p /www; echo "$WORD $(hostname)" > /www/index.html; exec httpd -f -p 80 -h /www'
}

answers() # NODE NAME: what the containers of the service answer, asked by their addresses from the node
{
	"docker$1" run --rm --network wide box sh -c \
		"for i in \$(nslookup tasks.$2 2> /dev/null | sed -n 's/^Address: *//p' | grep -v :53\$); do timeout 5 wget -q -O - http://\$i/; done" | sort
}

all_answer() # NODE NAME LINES: for eventually
{
	[ "$(answers "$1" "$2")" = "$3" ]
}

# Every container on both nodes, asked from both nodes: through the overlay network.
test_traffic_across_the_nodes()
{
	service web --replicas 4 --env WORD=one
	eventually runs 1 2
	eventually runs 2 2
	_names=$(for _node in 1 2; do
		containers $_node | xargs "docker" -H "unix:///run/node$_node.sock" inspect --format '{{.Config.Hostname}}'
	done | sed 's/^/one /' | sort)
	expect_match '^one node1-' "$_names"
	expect_match '^one node2-' "$_names"
	eventually all_answer 1 web "$_names"
	eventually all_answer 2 web "$_names"
	for _node in 1 2; do
		for _id in $(containers $_node); do
			expect_eq hind "$("docker$_node" inspect --format '{{.HostConfig.Runtime}}' "$_id")"
			! on_hind || [ -n "$(find /run/node$_node -path "*/$_id*/init" -type l)" ] || fail 'not of hind'
		done
	done
	expect_match '^one node' "$(docker2 run --rm --network wide box timeout 5 wget -q -O - http://web/)"
}

test_scaled_and_drained()
{
	service web --replicas 1
	eventually run_in_all 1
	docker1 service scale --detach web=4
	eventually runs 2 2
	docker1 node update --availability drain "$(node_name 2)"
	eventually runs 2 0
	eventually runs 1 4
	docker1 node update --availability active "$(node_name 2)"
	docker1 service scale --detach web=6
	eventually runs 2 2
	docker1 service scale --detach web=2
	eventually run_in_all 2
}

has_word() # WORD COUNT: for eventually
{
	_have=$(for _node in 1 2; do
		containers $_node | xargs -r docker -H "unix:///run/node$_node.sock" inspect --format '{{.Config.Env}}'
	done)
	[ "$(printf '%s\n' "$_have" | grep -c "WORD=$1")" -eq "$2" ] && run_in_all "$2"
}

test_rolling_update()
{
	service web --replicas 3 --env WORD=old --update-delay 200ms --update-parallelism 1
	eventually has_word old 3
	docker1 service update --detach --no-resolve-image --env-add WORD=new --limit-memory 32m web
	eventually has_word new 3
	docker1 service rollback --detach web
	eventually has_word old 3
}

long_tasks_that_die_come_again()
{
	service web --replicas 2
	eventually runs 2 1
	_first=$(containers 2)
	docker2 kill "$_first"
	eventually is_another "$_first"
	docker1 service create --detach --quiet --no-resolve-image --name once --mode replicated-job box sh -c 'exit 0'
	eventually job_is_done once
}

is_another() # ID: for eventually
{
	runs 2 1 && [ "$(containers 2)" != "$1" ]
}

job_is_done() # NAME: for eventually
{
	docker1 service ps --format '{{.CurrentState}}' "$1" | grep -q '^Complete'
}

long_secrets_and_configs()
{
	echo hush | docker1 secret create word -
	echo open | docker1 config create setting -
	docker1 service create --detach --quiet --no-resolve-image --name quiet --secret source=word,target=word,mode=0400 \
		--config source=setting,target=/etc/setting --constraint "node.id == $(node_name 2)" --read-only --cap-drop all \
		--health-cmd 'test -e /run/secrets/word' --health-interval 200ms box sleep 1000
	eventually runs 2 1
	expect_eq 'hush open' "$(docker2 exec "$(containers 2)" cat /run/secrets/word /etc/setting | xargs)"
	expect_match 'tmpfs' "$(docker2 exec "$(containers 2)" grep /run/secrets /proc/self/mountinfo)"
	eventually is_healthy
	docker1 service rm quiet
	eventually nothing_runs
	docker1 secret rm word
	docker1 config rm setting
}

is_healthy()
{
	[ "$(docker2 inspect --format '{{.State.Health.Status}}' "$(containers 2)")" = healthy ]
}
