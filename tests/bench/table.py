"""The closing table of a bench: what was measured, beside what it should be."""


def _median(rows, name, **fixed):
    for row in reversed(rows):
        if "median" in row and all(row.get(key) == value for key, value in fixed.items()):
            return row["median"][name]
    for row in reversed(rows):
        if name in row and all(row.get(key) == value for key, value in fixed.items()):
            return row[name]
    return None


def _mail(rows):
    """CPU per 1,000 messages as a multiple of IMAP's."""
    for body, fetch in (("HTML 2 KB", "envelope+2k"), ("MIME whole", "full")):
        floor = _median(rows, "cpu_s_per_1000", bench="imap", fetch=fetch)
        for window in (100, 512):
            cpu = _median(rows, "cpu_s_per_1000", bench="mail", window=window, body_type=4 if fetch == "full" else 2)
            if floor and cpu:
                yield (f"initial sync, {body}, window {window}: CPU by IMAP's", f"{cpu / floor:.1f}",
                       "4", f"{cpu:.3f} s of {floor:.3f} s per 1,000", cpu <= 4 * floor)


def _nochange(rows):
    for connections in (1, 16):
        cpu = _median(rows, "cpu_s_per_1000", bench="nochange", connections=connections)
        if cpu:
            rate = _median(rows, "requests_per_s", bench="nochange", connections=connections)
            yield (f"no-change Syncs per core and second, {connections} connections", f"{1000 / cpu:.0f}", "1500",
                   f"{rate:.0f} answered per second", 1000 / cpu >= 1500)


def _ping(rows):
    for row in rows:
        if row["bench"] == "ping":
            yield ("delivery to answered Ping, p95 ms" + (", TLS" if row["tls"] else ""), row["latency_p95_ms"], "30",
                   f"median {row['latency_ms']} ms", (row["latency_p95_ms"] or 1e9) < 30)
        if row["bench"] == "park":
            tls = ", TLS" if row["tls"] else ""
            limit = 24 if row["tls"] else 2
            yield (f"parked Ping, KiB of the listener{tls}", row["rss_per_ping_kib"], str(limit),
                   f"{row['pings']} parked in {row['rss_parked_mb']} MB", row["rss_per_ping_kib"] <= limit)
            yield (f"waking {row['wake']} of one user, s{tls}", row["wake_s"], "0.5",
                   f"each asked a worker; missed {row['wake_missed']}", row["wake_s"] <= 0.5)
            if "reload_s" in row:
                yield (f"reload with {row['reload']} parked, s{tls}", row["reload_s"], "0.5",
                       f"answers {' '.join(row['reload_answers'])}", row["reload_s"] <= 0.5)


def _memory(rows):
    for row in rows:
        if row["bench"] == "large":
            yield (f"worker's peak MB, mail of {row['message_mb']:.0f} MB, {row['fetch']}", row["worker_peak_mb"], "40", "",
                   row["worker_peak_mb"] < 40)
        if row["bench"] == "send":
            yield (f"worker's peak MB, SendMail of {row['message_kb']} KB", row["worker_peak_mb"], "40",
                   f"{row['mails_per_s']} mails per second", row["worker_peak_mb"] < 40)
        if row["bench"] == "flat":
            yield (f"worker's peak MB, {row['format']} of {row['messages']}", row["worker_peak_mb"], "",
                   f"first Sync {row['first_sync_peak_mb']} MB", True)


def _flat(rows):
    for kind in ("maildir", "mdbox"):
        smallest = None
        for row in rows:
            if row["bench"] == "flat" and row["format"] == kind:
                smallest = smallest or row
                yield (f"1 new mail, {kind} of {row['messages']}, CPU ms", row["open_cpu_ms"],
                       f"{smallest['open_cpu_ms']}", f"mailbox not open before: {row['opened_cpu_ms']} ms; "
                       f"answered in {row['open_ms']} / {row['opened_ms']} ms, IMAP in {row['imap_ms']} ms",
                       row["open_cpu_ms"] < 2 * smallest["open_cpu_ms"] + 2)


def _search(rows):
    found = {(row["word"], row["index"]): row for row in rows if row["bench"] == "search"}
    for (word, index), row in found.items():
        plain = found.get((word, "none"))
        if index != "none" and plain:
            yield (f"search in {row['messages']}, '{word}', by that with FTS", f"{plain['ms'] / row['ms']:.1f}", "",
                   f"{plain['ms']} ms without, {row['ms']} ms with {index}", True)


def text(rows):
    lines = [line for part in (_mail, _nochange, _ping, _memory, _flat, _search) for line in part(rows)]
    if not lines:
        return ""
    width = max(len(line[0]) for line in lines)
    return "\n".join(["", f"{'':{width}}  {'found':>8} {'wanted':>8}"] +
                     [f"{name:{width}}  {found!s:>8} {wanted:>8} {'   ' if good else 'not'}  {more}".rstrip()
                      for name, found, wanted, more, good in lines])
