# needs: podman buildah
# timeout: 900
# tests/engines/buildah_load.sh: many builds of buildah at once
# shellcheck source=tests/engines/buildah.sh
. "$TESTS/engines/buildah.sh"
# shellcheck source=tests/engines/parts/load.sh
. "$TESTS/engines/parts/load.sh"

engine_stop()
{
	builds_left_nothing
}

case_end()
{
	load_end
	buildah rm --all
}

# Two containers of the runtime.
life() # NUMBER
{
	from
	expect_status 9 run "$C" -- sh -c "echo $1 > /number; exit 9"
	expect_eq "$1" "$(run "$C" -- cat /number)"
	buildah rm "$C"
}

many() # BUILDS AT_ONCE
{
	load_begin
	lives "$1" "$2"
	expect_eq '' "$(head -n 5 "$LOAD/failures")" failures
	expect_eq "$1" "$(wc -l < "$LOAD/through")"
	expect_eq '' "$(buildah containers --quiet)" 'containers left'
	expect_eq '' "$(container_dirs)" "what hind keeps"
}

test_ten_builds_at_once()
{
	many 10 10
}

long_two_hundred_builds_twenty_at_a_time()
{
	many 200 20
}
