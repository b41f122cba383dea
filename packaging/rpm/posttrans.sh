# After an upgrade, from the new package: what runs is the new binary.
systemctl try-restart stigwatch.service >/dev/null 2>&1
exit 0
