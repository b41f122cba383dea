systemd-tmpfiles --create /usr/lib/tmpfiles.d/stigwatch.conf >/dev/null 2>&1 ||
	for dir in /run /var/lib /var/log; do install -d -o stigwatch -g stigwatch -m 0750 $dir/stigwatch; done
[ -d /var/lib/stigwatch/evidence ] || install -d -o root -g stigwatch -m 0750 /var/lib/stigwatch/evidence
version=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
dropin=/etc/systemd/system/stigwatch.service.d/old-systemd.conf
if [ -n "$version" ] && [ "$version" -lt 229 ]; then
	install -D -m 0644 /usr/share/stigwatch/old-systemd.conf $dropin
else
	rm -f $dropin
	rmdir /etc/systemd/system/stigwatch.service.d 2>/dev/null
fi
systemctl daemon-reload >/dev/null 2>&1
# Whether it starts at boot is for the machine's presets to say, as for every service here.
[ "$1" != 1 ] || systemctl preset stigwatch.service >/dev/null 2>&1
exit 0
