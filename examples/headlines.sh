#!/bin/sh
# Lists the most telling sentence of every article in a folder, as tab-separated values.
#
# usage: examples/headlines.sh FOLDER [SERVER]     (needs jq)
set -eu
mujaz summarize --json --sentences 1 --server "${2:-localhost:50051}" "$1" |
  jq -r '[.id, .summary.sentences[0].text, .summary.sentences[0].source_text] | @tsv'
