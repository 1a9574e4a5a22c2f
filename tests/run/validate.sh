# validate, and what the decoder tells of a config.json: file, line, column, path and reason
# covers: validate/--bundle hind/--strict

setup()
{
	bundle_new b
}

# validate refuses b/config.json with a line that matches.
wrong() # EXTENDED_REGEX
{
	expect_status 1 hind validate b
	expect_match "$1" "$ERROR" 'validate'
}

test_good_is_silent()
{
	expect_status 0 hind validate b
	expect_eq '' "$OUTPUT$ERROR"
	expect_status 0 hind validate b/config.json
	expect_eq '' "$OUTPUT$ERROR"
	cd b
	expect_status 0 hind validate
}

test_place_of_a_value()
{
	cat > b/config.json <<'END'
{
  "ociVersion": "1.0.2",
  "root": { "path": "rootfs" },
  "process": {
    "args": ["sh"],
    "cwd": "/",
    "user": { "uid": 0, "gid": "zero" }
  }
}
END
	wrong 'config\.json:7:32: \.process\.user\.gid: '
}

test_all_problems_in_one_go()
{
	config '.process.cwd=3' '.hostname=[]' '.mounts[1].destination={}' '.process.oomScoreAdj="x"'
	expect_status 1 hind validate b
	for path in .process.cwd .hostname '.mounts\[1\].destination' .process.oomScoreAdj; do
		expect_match "config\.json:[0-9]+:[0-9]+: $path: " "$ERROR"
	done
	expect_lines 4 "$ERROR"
}

test_unknown_property_is_told_and_ignored()
{
	config '.process.capabilites={}' '.linux.maskedPath=[]'
	expect_status 0 hind validate b
	expect_match 'config\.json:[0-9]+:[0-9]+: \.process\.capabilites: .*capabilities' "$OUTPUT$ERROR"
	expect_match '\.linux\.maskedPath: .*maskedPaths' "$OUTPUT$ERROR"
	expect_status 1 hind --strict validate b
	args true
	expect_status 0 run
	expect_eq '' "$OUTPUT$ERROR"
	id_new
	expect_status 1 hind --strict run --bundle "$BUNDLE" "$ID"
	expect_match 'capabilites' "$ERROR"
}

test_null_counts_as_absent()
{
	config '.hostname=null' '.hooks=null' '.process.rlimits=null' '.linux.resources=null'
	expect_status 0 hind --strict validate b
}

test_duplicate_member()
{
	sed -i '1s/{/{ "hostname": "a", "hostname": "b",/' b/config.json
	wrong '\.hostname: .*(twice|duplicate|already)'
}

test_nul_byte()
{
	config '.hostname="a\u0000b"'
	wrong '\.hostname: .*(NUL|u0000)'
}

test_largest_numbers()
{
	config '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",
		"args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}'
	sed -i 's/"value": 1,/"value": 18446744073709551615,/' b/config.json
	expect_status 0 hind validate b
	sed -i 's/18446744073709551615/18446744073709551616/' b/config.json
	wrong '\.linux\.seccomp\.syscalls\[0\]\.args\[0\]\.value: '
	sed -i 's/18446744073709551616/1.5/' b/config.json
	wrong '\.linux\.seccomp\.syscalls\[0\]\.args\[0\]\.value: '
}

test_too_deep()
{
	deep=$(printf '%40s' '' | tr ' ' '[')
	printf '{ "annotations": %s' "$deep" > b/config.json
	wrong 'config\.json:1:[0-9]+: .*(deep|depth|nest)'
}

test_too_large()
{
	head -c 16777300 /dev/zero | tr '\0' ' ' >> b/config.json
	wrong '16 ?MiB|16777216|too (large|long)'
}

test_words_behind_the_document()
{
	echo 'x' >> b/config.json
	wrong 'config\.json:[0-9]+:1: '
}

test_wrong_utf8()
{
	printf '{ "ociVersion": "1.0.2", "hostname": "\377" }' > b/config.json
	wrong 'config\.json:1:[0-9]+: .*UTF-8'
}

test_not_there()
{
	expect_error 'no such file or directory' hind validate nothing
}

test_missing_members_are_named()
{
	echo '{}' > b/config.json
	wrong '\.?ociVersion'
	printf '{ "ociVersion": "1.0.2", "root": {}, "process": { "cwd": "/" } }' > b/config.json
	wrong '\.root.*path'
}

test_root_property_of_the_wrong_type()
{
	echo '[]' > b/config.json
	wrong 'config\.json:1:1: '
}
