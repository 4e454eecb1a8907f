"""Makes the pictures of the documentation from the running demo. Run by `bin/screenshots`."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from trulybot.demo.start import EMAIL, PASSWORD, QUESTIONS

IMAGES = Path(__file__).parent / "images"


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Where the product answers, and where the shop does."""
    port, shop_port = free_port(), free_port()
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "trulybot", "demo", "--data-dir", f"{folder}/demo"]
        command += ["--port", str(port), "--shop-port", str(shop_port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603
        assert process.stdout is not None  # noqa: S101
        # It says where it is once everything is filled.
        if not any("Ctrl+C" in line for line in process.stdout):
            sys.exit("The demo did not start.")
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{shop_port}"
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def show_dashboard(page: Page, product: str) -> None:
    page.goto(f"{product}/sign-in")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("A customer’s question").fill(QUESTIONS[0])
    page.keyboard.press("Enter")
    page.locator(".trial").wait_for()
    page.locator(".page-title").click()  # a picture without a cursor in it


def show_widget(page: Page, shop: str) -> None:
    page.goto(shop)
    page.locator("truly-bot .launcher").click()
    page.locator("truly-bot .offer").first.click()
    page.locator("truly-bot .note").wait_for()


def picture(browser: Browser, height: int) -> Page:
    return browser.new_page(viewport={"width": 1280, "height": height}, reduced_motion="reduce", color_scheme="light")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with demo() as (product, shop), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        dashboard, widget = picture(browser, height=1200), picture(browser, height=800)
        show_dashboard(dashboard, product)
        dashboard.screenshot(path=IMAGES / "dashboard.png")
        show_widget(widget, shop)
        widget.screenshot(path=IMAGES / "widget.png")
        browser.close()


if __name__ == "__main__":
    main()
