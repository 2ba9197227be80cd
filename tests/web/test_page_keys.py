"""Whose the keys are: those of the photos, of the panel, of what a hand was on."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_the_panel_of_a_narrow_window_opens_and_closes_by_keys(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    page.focus("#show-panel")
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#threshold-blurry")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#show-panel")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.locator("#loupe")).to_be_visible()


def test_space_opens_a_photo_after_a_hand_was_on_a_button_or_a_box(page: Page) -> None:
    def see_that_space_opens() -> None:
        page.keyboard.press("Space")
        expect(page.locator("#loupe")).to_be_visible()
        page.keyboard.press("Escape")

    page.click("#show-plan")
    page.locator("#plan").get_by_text("Cancel").click()
    see_that_space_opens()
    page.click("#show-help")
    page.keyboard.press("Escape")
    see_that_space_opens()
    page.keyboard.press("Control+a")
    page.locator("#selection").get_by_text("Undecided").click()
    see_that_space_opens()
    for name in ("#advance", "label[for=advance]"):
        before = page.is_checked("#advance")
        page.click(name)
        see_that_space_opens()
        assert page.is_checked("#advance") != before
