# Completion of procession in fish: procession completion fish | source
function __procession_complete
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    procession __complete -- $words 2>/dev/null
end
# Files where there is nothing to offer.
complete -c procession -f -n 'count (__procession_complete) >/dev/null' -a '(__procession_complete)'
