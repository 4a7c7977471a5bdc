// SPDX-License-Identifier: MIT
#include "status.hpp"

namespace nutshell {

const char* to_string(Status status) noexcept {
    switch (status) {
        case Status::ok:
            return "ok";
        case Status::null_argument:
            return "a pointer is null";
        case Status::misaligned:
            return "an address is not aligned as the call needs it";
        case Status::buffer_too_small:
            return "the buffer is too small";
        case Status::not_loaded:
            return "the model has no weights yet";
        case Status::shape_mismatch:
            return "the sizes do not match the model";
        case Status::non_finite_input:
            return "the input holds NaN or infinity";
        case Status::diverged:
            return "training diverged";
        case Status::truncated:
            return "the file is shorter than its header says";
        case Status::bad_magic:
            return "this is not a .nut file";
        case Status::bad_version:
            return "the file needs a newer version of Nutshell";
        case Status::bad_header:
            return "the file's header is damaged";
        case Status::unsupported:
            return "the file needs a feature that this build lacks";
        case Status::bad_checksum:
            return "the file is damaged (its checksum does not match)";
        case Status::bad_layer:
            return "a layer in the file makes no sense";
        case Status::bad_section:
            return "a section of the file is misplaced or of the wrong size";
        case Status::non_finite_weights:
            return "the weights hold NaN or infinity";
        case Status::wrong_model:
            return "the file holds another architecture";
        case Status::wrong_endianness:
            return "a big-endian machine cannot view the file in place";
        case Status::unknown_platform:
            return "no platform has this name";
        case Status::platform_unusable:
            return "this machine cannot run the platform";
        case Status::wrong_numbers:
            return "the file's numbers are of another type (float32 or int8) than the model's";
        case Status::wrong_packing:
            return "the weights are packed for another instruction set";
        case Status::bad_quantization:
            return "a scale, zero point, multiplier or shift is out of its range";
        case Status::sum_overflow:
            return "the sums of an int8 layer could overflow";
        case Status::bad_calibration:
            return "the calibration data give no finite range";
        case Status::self_test_failed:
            return "the model's answer to its self-test is wrong";
        case Status::no_self_test:
            return "the file holds no self-test of this part";
        case Status::wrong_sender:
            return "the packet was encoded by another model";
        case Status::wrong_code:
            return "the numbers of the code are not as many or as small as the packet's";
        case Status::too_few_samples:
            return "the threshold needs more scores of normal samples";
        case Status::full_store:
            return "the store of codes is full";
        case Status::empty_store:
            return "the store of codes is empty";
        case Status::too_few_codes:
            return "the store holds fewer codes than were asked for";
        case Status::wrong_store:
            return "the stored codes are of another model, size or type";
        case Status::unfinished:
            return "the work is not finished yet";
    }
    return "unknown status";
}

}  // namespace nutshell
