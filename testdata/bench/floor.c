/*
 * The floor that change-to-alert times are measured against: the least that a
 * program can do. It watches one folder through inotify and sends the name of
 * each file that was closed after writing, or renamed into it, as one datagram.
 *
 *     cc -O2 -o floor floor.c
 *     ./floor FOLDER SOCKET          a unix datagram socket, by its path
 *     ./floor FOLDER ADDRESS PORT    UDP, IPv4
 *
 * It prints "ready" when it watches, and runs until it is killed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int dial_unix(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof to.sun_path) {
		fprintf(stderr, "%s: too long for a socket's name\n", path);
		exit(1);
	}
	strcpy(to.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die(path);
	return fd;
}

static int dial_udp(const char *address, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1) {
		fprintf(stderr, "%s: not an IPv4 address\n", address);
		exit(1);
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die(address);
	return fd;
}

static void forward(int in, int out)
{
	char buf[65536] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = read(in, buf, sizeof buf);

		if (n <= 0)
			die("read");
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *ev = (struct inotify_event *)p;

			if (ev->len && send(out, ev->name, strlen(ev->name), 0) < 0)
				die("send");
			p += sizeof *ev + ev->len;
		}
	}
}

int main(int argc, char **argv)
{
	int in, out;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: %s FOLDER SOCKET | FOLDER ADDRESS PORT\n", argv[0]);
		return 2;
	}
	out = argc == 3 ? dial_unix(argv[2]) : dial_udp(argv[2], argv[3]);
	in = inotify_init1(IN_CLOEXEC);
	if (in < 0 || inotify_add_watch(in, argv[1], IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
		die(argv[1]);
	puts("ready");
	fflush(stdout);
	forward(in, out);
}
