# needs: dockerd containerd iptables curl
# tests/engines/docker_network.sh: containers that talk, over docker's networks
# shellcheck source=tests/engines/parts/docker_daemon.sh
. "$TESTS/engines/parts/docker_daemon.sh"

engine_start()
{
	docker_start
}

engine_stop()
{
	nothing_left
}

case_end()
{
	remove_all
	docker network prune --force
}

server() # NAME [OPTION...]: answers "page of NAME" on port 80
{
	_name=$1
	shift
	docker run --detach --name "$_name" "$@" box sh -c 'mkdir /www; echo "page of '"$_name"'" > /www/index.html; exec httpd -f -p 80 -h /www'
	wait_for docker exec "$_name" wget -q -O /dev/null http://127.0.0.1/
}

fetch() # URL [OPTION...]: by a new container
{
	_url=$1
	shift
	docker run --rm "$@" box timeout 5 wget -q -O - "$_url"
}

test_names_on_a_user_network()
{
	docker network create front
	server one --network front
	server two --network front --network-alias other
	expect_eq 'page of one' "$(fetch http://one/ --network front)"
	expect_eq 'page of two' "$(fetch http://other/ --network front)"
	expect_eq 'page of two' "$(docker exec one wget -q -O - http://two/)"
	expect_eq 'page of one' "$(docker exec two wget -q -O - http://one/)"
	# The engine changes the network of a container that runs.
	docker network create back
	server three --network back
	expect_status any docker exec three timeout 2 wget -q -O - http://one/
	docker network connect back one
	expect_eq 'page of one' "$(docker exec three wget -q -O - http://one/)"
	expect_eq 3 "$(docker exec one ip -o link | wc -l)"
	docker network disconnect back one
	expect_status any docker exec three timeout 2 wget -q -O - http://one/
}

test_published_port()
{
	server one --publish 127.0.0.1:8080:80
	expect_eq 'page of one' "$(curl -s http://127.0.0.1:8080/)"
	_address=$(inspect one .NetworkSettings.IPAddress)
	expect_eq 'page of one' "$(curl -s "http://$_address/")"
	expect_eq 'page of one' "$(fetch "http://$_address/")"
	docker restart --time 0 one
	_fetch='curl -s --max-time 2 http://127.0.0.1:8080/'
	wait_for sh -c "[ \"\$($_fetch)\" = 'page of one' ]"
}

test_network_of_another_container()
{
	server one
	expect_eq 'page of one' "$(fetch http://127.0.0.1/ --network container:one)"
	expect_status any fetch http://127.0.0.1/ --network none
	expect_eq "$(docker exec one ip -o -4 addr show eth0)" "$(docker run --rm --network container:one box ip -o -4 addr show eth0)"
}

test_no_network()
{
	expect_eq lo "$(docker run --rm --network none box ls /sys/class/net)"
	expect_match 'UP' "$(docker run --rm --network none box ip link show lo)"
}
