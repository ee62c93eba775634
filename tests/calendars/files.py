"""Files of iCalendar, as calendars publish them."""

CHRISTMAS = "UID:christmas\nSUMMARY:Christmas\nDTSTART;VALUE=DATE:20261225"
NEW_YEAR = "UID:new-year\nSUMMARY:New year\nDTSTART;VALUE=DATE:20270101"


def file(*events: str) -> str:
    """Return the text of a file with these events."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN"]
    for event in events:
        body = [line.strip() for line in event.strip().splitlines()]
        lines += ["BEGIN:VEVENT", *body, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])
