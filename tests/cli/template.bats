#!/usr/bin/env bats
# Items are data: what placeholders mean, and that no item is ever code.
load common

# prints_item SCRIPT: run with each evil item, the script prints just that item
prints_item() {
	local want

	printf -v want '%s\n' "${evil[@]}"
	run -0 --separate-stderr --keep-empty-lines covey -k -c "$1" ::: "${evil[@]}"
	same "$want" "$output" || { echo "script: $1"; return 1; }
	same '' "$stderr"
	unharmed "$1"
}

# harmless SCRIPT: whatever it prints, and even if covey refuses it, no evil item is run
harmless() {
	run covey -c "$1" ::: "${evil[@]}"
	[[ $status == @(0|2|123) ]] || { echo "exit $status: $1"; return 1; }
	unharmed "$1"
}

@test "path parts: {.} {/} {//} {/.}" {
	run -0 covey echo '{} {.} {/} {//} {/.}' ::: dir/file.tar.gz
	same 'dir/file.tar.gz dir/file.tar file.tar.gz dir file.tar' "$output"
}

@test "a dotfile has no extension" {
	run -0 covey echo '{.} {/.}' ::: dir/.profile
	same 'dir/.profile .profile' "$output"
}

@test "an extension belongs to the last part of the path" {
	run -0 covey echo {.} ::: dir.d/file
	same dir.d/file "$output"
}

@test "{#} is the task, {%} the slot" {
	run -0 covey -k -j 1 echo '{#}.{%}' ::: a b c
	same $'1.1\n2.1\n3.1' "$output"
}

@test "-I takes another placeholder" {
	run -0 covey -I @ echo '@-{}' ::: a
	same 'a-{}' "$output"
}

@test "a placeholder in the middle of a word, twice, and in the command's name" {
	run -0 covey 'ec{}' 'x{}y{}' ::: ho
	same xhoyho "$output"
}

@test "an item is one word, whatever is in it" {
	run -0 covey -k printf '[%s]' -- {} ::: 'a b' '*' '$HOME' '`id`' "it's" '"' '\' '{}' '-n'
	same "[--][a b][--][*][--][\$HOME][--][\`id\`][--][it's][--][\"][--][\\][--][{}][--][-n]" "$output"
}

@test "-c: {} bare" {
	prints_item 'printf "%s\n" {}'
}

@test "-c: {} in double quotes" {
	prints_item 'printf "%s\n" "{}"'
}

@test "-c: {} in single quotes" {
	prints_item "printf '%s\n' '{}'"
}

@test "-c: {} in a command substitution in double quotes" {
	prints_item 'x="$(printf "%s." {})"; printf "%s\n" "${x%.}"'
}

@test "-c: {} quoted in a command substitution" {
	prints_item 'x=$(printf "%s." "{}"); printf "%s\n" "${x%.}"'
}

@test "-c: {} in an assignment" {
	prints_item 'x={}; printf "%s\n" "$x"'
}

@test "-c: {} beside other text, in each quoting" {
	prints_item 'x=a{}b; x=${x#a}; printf "%s\n" "${x%b}"'
	prints_item 'x="a{}b"; x=${x#a}; printf "%s\n" "${x%b}"'
	prints_item "x='a{}b'; x=\${x#a}; printf '%s\n' \"\${x%b}\""
}

@test "-c: \$1 and \"\$@\" are the items" {
	prints_item 'printf "%s\n" "$1"'
	prints_item 'printf "%s\n" "$@"'
}

@test "-c: path parts are words of data, too" {
	run -0 covey -c 'printf "[%s]" {/} "{.}" '"'{//}'" ::: 'd $(x)/a b.c'
	same '[a b.c][d $(x)/a b][d $(x)]' "$output"
}

@test "-c: no context lets an item out" {
	harmless 'echo `echo {}`'
	harmless 'echo `echo "{}"`'
	harmless 'echo "`echo {}`"'
	harmless 'echo $(echo {})'
	harmless "echo \$(echo '{}')"
	harmless 'echo "${x:-{}}"'
	harmless 'echo ${x:-{}}'
	harmless 'echo ${x:-"{}"}'
	harmless 'echo \{}'
	harmless '# {}'
	harmless 'case {} in a) ;; esac'
	harmless 'case a in {}) ;; esac'
	harmless $'cat <<END\n{}\nEND'
	harmless $'cat <<"END"\n{}\nEND'
	harmless $'cat <<-END\n\t{}\n\tEND'
	harmless 'echo $(({}))'
	harmless 'echo "$(echo "$(echo "{}")")"'
	harmless "echo \"'{}'\""
	harmless "echo '\"'{}'\"'"
	harmless "echo \$'{}'"
	harmless 'echo $"{}"'
	harmless 'echo "\"{}\""'
	harmless "echo \"\$(echo '{}')\""
	harmless 'echo a >{}'
	harmless 'f() { :; }; f {}'
	harmless '(echo {})'
	harmless '{ echo {}; }'
}

@test "an item that is shown in a message cannot forge one" {
	run -123 --separate-stderr covey false ::: $'x\ncovey: task 9 failed: rm\n::error::boo\e[31m'
	lacks "$stderr" $'\ncovey: task 9'
	lacks "$stderr" $'\n::error'
	lacks "$stderr" $'\e'
}
