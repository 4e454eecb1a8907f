import subprocess
import sys

import pytest

from trulybot.llm.e5 import convert, weights

FILES = {"model.onnx", "vocabulary.json", "words.bin"}


def start_conversion(into):
    argv = [sys.executable, "-m", "trulybot.llm.e5.convert", str(into)]
    return subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)


def test_two_processes_at_once_leave_one_whole_model(tmp_path):
    conversions = [start_conversion(tmp_path) for _ in range(2)]

    errors = [conversion.communicate()[1] for conversion in conversions]

    assert errors == ["", ""]
    assert {file.name for file in convert.folder(tmp_path).iterdir()} == FILES
    assert {entry.name for entry in tmp_path.iterdir()} == {convert.folder(tmp_path).name, ".lock"}


def test_what_is_converted_is_left_alone(tmp_path, monkeypatch):
    convert.folder(tmp_path).mkdir()
    monkeypatch.setattr(convert, "_write", lambda _: pytest.fail("converted again"))

    convert.convert(tmp_path)


def test_what_a_killed_conversion_left_is_replaced(tmp_path, monkeypatch):
    (tmp_path / ".converting").mkdir()
    (tmp_path / ".converting" / "half").touch()
    monkeypatch.setattr(convert, "_write", lambda folder: (folder / "model.onnx").touch())

    convert.convert(tmp_path)

    assert [file.name for file in convert.folder(tmp_path).iterdir()] == ["model.onnx"]


def test_weights_that_are_cut_short_leave_no_model(tmp_path, monkeypatch):
    short = tmp_path / "short.bin"
    with weights.locate().open("rb") as whole:
        short.write_bytes(whole.read(60_000_000))
    monkeypatch.setattr(weights, "locate", lambda: short)

    with pytest.raises(weights.UnknownWeights, match="cut short"):
        convert.convert(tmp_path / "models")

    assert not convert.folder(tmp_path / "models").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()

    conversion = start_conversion(tmp_path / "file")

    assert "file" in conversion.communicate()[1]
    assert conversion.returncode == 1
