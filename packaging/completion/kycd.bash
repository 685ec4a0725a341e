# bash completion for kycd(8). Commands, flags and the words that an option takes come from `kycd --help`, services and cases
# from the spool, so that there is nothing here to keep up.

# The help of kycd, or of a command of it.
_kycd_help() {
    command "${COMP_WORDS[0]/#\~/$HOME}" "$@" --help 2>/dev/null
}

# A word of the command line without the shell's quotes, which it has there as they were typed.
_kycd_unquoted() {
    local word="$1"
    # shellcheck disable=SC2001 # the letter behind the backslash stays
    case "$word" in
    \"*) word="${word#\"}" && word="${word%\"}" ;;
    \'*) word="${word#\'}" && word="${word%\'}" ;;
    *) IFS= read -r word < <(sed 's/\\\(.\)/\1/g' <<<"$word") ;;
    esac
    printf '%s' "$word"
}

# What follows the key `spool:` in the configuration that the command line names, with or without YAML's quotes.
_kycd_spool() {
    local config=/etc/kycd/kycd.yaml place
    for ((place = 1; place < COMP_CWORD; place++)); do
        [[ "${COMP_WORDS[place]}" != --config ]] || config="$(_kycd_unquoted "${COMP_WORDS[place + 1]}")"
    done
    sed -n -e 's/^spool:[[:space:]]*"\([^"]*\)".*/\1/p' -e t -e "s/^spool:[[:space:]]*'\([^']*\)'.*/\1/p" -e t \
        -e 's/[[:space:]]\{1,\}#.*//' -e 's/[[:space:]]*$//' -e 's/^spool:[[:space:]]*//p' "$config" 2>/dev/null
}

# The services that have a folder in the inbox, or those that kycd comes with when there is none to be seen.
_kycd_services() {
    local folder spool found=()
    spool="$(_kycd_spool)"
    for folder in "${spool:-/nowhere}"/inbox/*/; do
        [[ ! -d "$folder" ]] || found+=("$(basename "$folder")")
    done
    ((${#found[@]})) || found=(kyc_card kyc_passport ocr_card ocr_passport face_liveness register_face authenticate_face
        background_check kyc_card_with_background_check kyc_passport_with_background_check)
    printf '%s\n' "${found[@]}"
}

# _kycd_cases ROOT…: SERVICE/CASE of the folders below these parts of the spool that begin with the word under the cursor; not more
# of them than somebody would read.
_kycd_cases() {
    local root spool path found
    spool="$(_kycd_spool)"
    [[ -n "$spool" ]] || return
    for root in "$@"; do
        for path in "$spool/$root"/*/; do
            while IFS= read -r found; do
                printf '%s\n' "${found#"$spool/$root/"}"
            done < <(compgen -d -- "$path$(_kycd_name_in)")
        done
    done | head -n 500
}

# The names of the tickets in the inbox.
_kycd_tickets() {
    local spool path
    spool="$(_kycd_spool)"
    for path in "${spool:-/nowhere}"/inbox/reverify/*; do
        [[ ! -f "$path" ]] || basename "$path"
    done | sed -n 's/\.ya\{0,1\}ml\(\.paused\|\.cancelled\)\{0,1\}$//p'
}

# The part of SERVICE/CASE behind the slash, when the word under the cursor has begun one.
_kycd_name_in() {
    [[ "$current" != */* ]] || printf '%s' "${current#*/}"
}

# What the option OPTION of the command COMMAND takes, from `--state TEXT:{a,b,c}`; nothing when it is no list.
_kycd_words() {
    _kycd_help "$1" | sed -n "s/^  $2 [^{]*{\([^}]*\)}.*/\1/p" | tr ',' '\n'
}

# _kycd_offer WORDS: those that the word under the cursor begins, a line each, quoted for the shell unless a quote is open.
_kycd_offer() {
    local word form=%q
    [[ "${COMP_WORDS[COMP_CWORD]}" != [\"\']* ]] || form=%s
    COMPREPLY=()
    while IFS= read -r word; do
        # shellcheck disable=SC2059 # one of the two above
        [[ -z "$word" || "$word" != "$current"* ]] || COMPREPLY+=("$(printf "$form" "$word")")
    done <<<"$1"
}

_kycd_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

_kycd() {
    local current before="${COMP_WORDS[COMP_CWORD - 1]}" chosen="${COMP_WORDS[1]}"
    current="$(_kycd_unquoted "${COMP_WORDS[COMP_CWORD]}")"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _kycd_offer "$(_kycd_help | sed -n -e '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' \
            -e '/^Options:/,/^$/s/^  \(-[a-z],\)\{0,1\}\(--[a-z-]*\).*/\2/p')"
        return
    fi
    case "$before" in
    --config | --root | --report | --ticket | --names-from)
        _kycd_files
        return
        ;;
    --service)
        _kycd_offer "$(_kycd_services)"
        return
        ;;
    --verdict)
        _kycd_offer $'pass\nfail\ninconclusive'
        return
        ;;
    --order)
        _kycd_offer $'oldest\nnewest\nname\nexpiry\nshuffled'
        return
        ;;
    --document-expired)
        _kycd_offer $'true\nfalse'
        return
        ;;
    --unfinished)
        _kycd_offer $'next_night\nend'
        return
        ;;
    --since | --before)
        _kycd_offer $'1h\n24h\n7d\n30d'
        return
        ;;
    --*)
        local words
        words="$(_kycd_words "$chosen" "$before")"
        if [[ -n "$words" ]]; then
            _kycd_offer "$words"
            return
        fi
        ;;
    esac
    if [[ "$current" == -* ]]; then
        _kycd_offer "$(_kycd_help "$chosen" | sed -n 's/^  \(-[a-z],\)\{0,1\}\(--[a-z-]*\).*/\2/p')"
        return
    fi
    case "$chosen" in
    inspect | why | import) _kycd_files ;;
    retry) _kycd_offer "$(_kycd_cases failed)" ;;
    reverify)
        case "${COMP_WORDS[2]}" in
        pause | resume | cancel) ((COMP_CWORD == 2)) || _kycd_offer "$(_kycd_tickets)" ;;
        esac
        ((COMP_CWORD > 2)) || _kycd_offer $'list\npause\nresume\ncancel'
        ;;
    show) _kycd_offer "$(_kycd_cases failed outbox work inbox)" ;;
    esac
} && complete -F _kycd kycd
