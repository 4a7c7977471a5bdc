#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the sample of real digits that is built into the nutshell command: the first 5,000 training
# and the first 1,000 test images of MNIST, with their labels, as gzipped IDX files in this folder.
# usage: make.sh FOLDER
# FOLDER has the four uncompressed IDX files of MNIST, as tools/fetch_data.sh leaves them.
set -eu
from=${1:?usage: make.sh FOLDER_OF_MNIST}
here=$(cd "$(dirname "$0")" && pwd)

# first FILE HEADER_BYTES HEADER SAMPLES BYTES_PER_SAMPLE: a new header, then the first samples
first() {
    { printf '%b' "$3"; tail -c "+$(($2 + 1))" "$from/$1" | head -c "$(($4 * $5))"; } |
        gzip -9 -n >"$here/$1.gz"
}

images='\0000\0000\0010\0003' # unsigned bytes of rank 3
labels='\0000\0000\0010\0001' # unsigned bytes of rank 1
five_thousand='\0000\0000\0023\0210'
one_thousand='\0000\0000\0003\0350'
sides='\0000\0000\0000\0034\0000\0000\0000\0034' # 28 x 28
first train-images-idx3-ubyte 16 "$images$five_thousand$sides" 5000 784
first train-labels-idx1-ubyte 8 "$labels$five_thousand" 5000 1
first t10k-images-idx3-ubyte 16 "$images$one_thousand$sides" 1000 784
first t10k-labels-idx1-ubyte 8 "$labels$one_thousand" 1000 1
