"""--dtype float16 and bfloat16: the numbers that a checkpoint stores, in halves; what the code makes of its configuration stays
in fp32, as Python has it when it loads weights in halves, and as the library has it of a folder of them."""


def round_to(model, dtype):
    """Rounds the model to what a loader gets after widening; it goes on computing in fp32: the reference of every comparison."""
    for value in (*model.parameters(), *(model.get_buffer(name) for name in stored_buffers(model))):
        if value.is_floating_point():
            value.data = value.data.to(dtype).float()


def halve(traced, model, dtype):
    """Stores the traced module of `model` in halves."""
    buffers = stored_buffers(model)
    for value in (*traced.parameters(), *(value for name, value in traced.named_buffers() if name in buffers)):
        if value.is_floating_point():
            value.data = value.data.to(dtype)


def stored_buffers(model):
    """Names of the buffers that are weights. Frequencies of rotary positions are not, even where a checkpoint keeps them (ESM):
    transformers loads them in fp32 whatever the type, and rounded they turn a long text's tokens by other angles."""
    kept = model.state_dict().keys()
    return {name for name, _ in model.named_buffers() if name in kept and not name.endswith("inv_freq")}
