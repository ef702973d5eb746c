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

# refuses WORD: covey says what to write instead, and runs nothing; -I makes it text
refuses() {
	run -2 --separate-stderr covey echo {} "$1" ::: a
	same '' "$output"
	one_complaint
	match "$stderr" "is no placeholder of covey's: .*; if it is meant as text, add -I \{\}"
	run -0 covey -I {} echo {} "$1" ::: a
	same "a ${1//'{}'/a}" "$output"
}

@test "placeholders of other programs are no text" {
	for word in '{= s:x:y: =}.c' '{-1}.bak' '{-1/.}' '{##}' '{..}' '{/...}' '{+/}' '{+..}' '{%.c}'; do
		refuses "$word"
	done
	run -2 --separate-stderr covey -c 'echo {} {..}' ::: a
	match "$stderr" "'\{\.\.\}' is no placeholder"
	run -2 --separate-stderr covey --tagstring '{-1}' echo ::: a
	match "$stderr" "'\{-1\}' is no placeholder"
}

@test "with names, an unknown one is no text" {
	run -2 --separate-stderr covey --header echo {name} {naem} ::: name a
	match "$stderr" "'\{naem\}' is no placeholder of covey's: no column has that name"
	printf '{"command": "true"}\n' >tasks
	run -2 --separate-stderr covey --tasks tasks --tagstring {name}
	match "$stderr" "'\{name\}' is no placeholder"
	run -0 covey echo {} {naem} ::: a
	same 'a {naem}' "$output"
	run -0 covey --header -c 'naem=x; echo {name} ${naem} "${naem#{name}}"' ::: name a
	same 'a x x' "$output"
}

@test "braces that are text stay text" {
	for word in '{"a":1}' '{print $1}' '{' '}' '{ }' '[0-9]{4}' '{a,b}' '{% if %}' '{=' '{1..3}'; do
		run -0 covey echo {} "$word" ::: a
		same "a $word" "$output"
	done
	run -0 covey -c 'set -- x y; echo {} ${#} "${HOME:+x}" ${1##y}' ::: a
	same 'a 2 x x' "$output"
	run -0 covey -I @ find @ -maxdepth 0 -exec echo {} ';' ::: .
	same . "$output"
}

@test "what stands beside a placeholder for several items is repeated with each of them" {
	run -0 covey -n 2 -k echo 'a{}b' ::: 1 2 3
	same $'a1b a2b\na3b' "$output"
	run -0 covey -n 50 touch pict{}.jpg ::: 01 02 03
	same 'pict01.jpg pict02.jpg pict03.jpg' "$(echo pict*)"
	[ ! -e 02 ]
	run -0 covey -n 2 echo '{1}:{/}:{}' ::: d/x e
	same 'd/x:x:d/x d/x:e:e' "$output"
	run -2 --separate-stderr covey -n 2 -c 'touch pict{}.jpg' ::: 01 02
	match "$stderr" 'for x in \{\}; do'
	run -0 covey -n 2 -c 'for x in {}; do echo "a${x}b"; done; echo "<{}>"' ::: 1 2
	same $'a1b\na2b\n<1 2>' "$output"
}

@test "in a script, \${1} and \${#} are the shell's" {
	prints_item 'printf "%s\n" "${1}"'
	prints_item 'f() { printf "%s\n" "${1}"; }; f {}'
	run -0 covey -c 'set -- "$@" x y; echo {} ${#} "${3}" ${#1}' ::: abc
	same 'abc 3 y 3' "$output"
	run -0 covey -c "printf '%s ' '\${1}' '\${#}' '\\\${1}' {1}" ::: a
	same '${1} ${#} \$a a ' "$output"
	run -0 covey -c 'echo \${1} "\${#}"' ::: a
	same '$a $1' "$output"
}

@test "a file that is read within an expression is no expression" {
	printf 12345 >'a[$(touch PWNED)]'
	run -0 covey -c 'echo $(( $(wc -c < {}) + 1 ))' ::: 'a[$(touch PWNED)]'
	same 6 "$output"
	run -2 covey -c 'echo $(( $(echo {}) + 1 ))' ::: 'a[$(touch PWNED)]'
	run -2 covey -c 'echo $(( $(cat <<<{}) + 1 ))' ::: 'a[$(touch PWNED)]'
	unharmed expression
}
