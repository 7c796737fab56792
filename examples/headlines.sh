#!/bin/sh
# Lists the most telling sentence of every article in a folder (*.txt), as tab-separated values:
# file, English, Arabic. An article that fails is named on standard error and left out.
#
# usage: examples/headlines.sh FOLDER [SERVER]     (needs jq)
set -eu
mujaz summarize --json --sentences 1 --server "${2:-localhost:50051}" "$1" |
  jq -r 'select(.summary) | [.id, (.summary.sentences[0] | .text, .source_text)] | @tsv'
