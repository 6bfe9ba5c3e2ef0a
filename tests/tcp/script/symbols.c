/* symbols.c: constants of Linux by name, as scripts write them. */
#include "tcp/script/run.h"

#include <string.h>

struct symbol {
  const char *name;
  int64_t value;
};

static const struct symbol symbols[] = {{"AF_INET", 2},
                                        {"AF_INET6", 10},
                                        {"AF_UNSPEC", 0},
                                        {"PF_INET", 2},
                                        {"PF_INET6", 10},
                                        {"SOCK_STREAM", 1},
                                        {"SOCK_DGRAM", 2},
                                        {"SOCK_NONBLOCK", 04000},
                                        {"SOCK_CLOEXEC", 02000000},
                                        {"IPPROTO_IP", 0},
                                        {"IPPROTO_TCP", 6},
                                        {"IPPROTO_UDP", 17},
                                        {"SOL_IP", 0},
                                        {"SOL_SOCKET", 1},
                                        {"SOL_TCP", 6},
                                        {"F_GETFL", 3},
                                        {"F_SETFL", 4},
                                        {"O_RDONLY", 0},
                                        {"O_WRONLY", 1},
                                        {"O_RDWR", 2},
                                        {"O_NONBLOCK", 04000},
                                        {"FIONREAD", 0x541b},
                                        {"SIOCINQ", 0x541b},
                                        {"SIOCOUTQ", 0x5411},
                                        {"SIOCOUTQNSD", 0x894b},
                                        {"SIOCATMARK", 0x8905},
                                        {"MSG_OOB", 1},
                                        {"MSG_PEEK", 2},
                                        {"MSG_TRUNC", 0x20},
                                        {"MSG_DONTWAIT", 0x40},
                                        {"MSG_EOR", 0x80},
                                        {"MSG_WAITALL", 0x100},
                                        {"MSG_NOSIGNAL", 0x4000},
                                        {"MSG_MORE", 0x8000},
                                        {"MSG_FASTOPEN", 0x20000000},
                                        {"SHUT_RD", 0},
                                        {"SHUT_WR", 1},
                                        {"SHUT_RDWR", 2},
                                        {"POLLIN", 1},
                                        {"POLLPRI", 2},
                                        {"POLLOUT", 4},
                                        {"POLLERR", 8},
                                        {"POLLHUP", 0x10},
                                        {"POLLNVAL", 0x20},
                                        {"POLLRDNORM", 0x40},
                                        {"POLLWRNORM", 0x100},
                                        {"POLLRDHUP", 0x2000},
                                        {"IP_PMTUDISC_DONT", 0},
                                        {"IP_PMTUDISC_WANT", 1},
                                        {"IP_PMTUDISC_DO", 2},
                                        {"TCP_ESTABLISHED", MSIM_TCP_ESTABLISHED},
                                        {"TCP_SYN_SENT", MSIM_TCP_SYN_SENT},
                                        {"TCP_SYN_RECV", MSIM_TCP_SYN_RECV},
                                        {"TCP_FIN_WAIT1", MSIM_TCP_FIN_WAIT1},
                                        {"TCP_FIN_WAIT2", MSIM_TCP_FIN_WAIT2},
                                        {"TCP_TIME_WAIT", MSIM_TCP_TIME_WAIT},
                                        {"TCP_CLOSE", MSIM_TCP_CLOSE},
                                        {"TCP_CLOSE_WAIT", MSIM_TCP_CLOSE_WAIT},
                                        {"TCP_LAST_ACK", MSIM_TCP_LAST_ACK},
                                        {"TCP_LISTEN", MSIM_TCP_LISTEN},
                                        {"TCP_CLOSING", MSIM_TCP_CLOSING},
                                        {"TCP_CA_Open", MSIM_TCP_CA_OPEN},
                                        {"TCP_CA_Disorder", MSIM_TCP_CA_DISORDER},
                                        {"TCP_CA_CWR", MSIM_TCP_CA_CWR},
                                        {"TCP_CA_Recovery", MSIM_TCP_CA_RECOVERY},
                                        {"TCP_CA_Loss", MSIM_TCP_CA_LOSS},
                                        {"TCPI_OPT_TIMESTAMPS", MSIM_TCPI_OPT_TIMESTAMPS},
                                        {"TCPI_OPT_SACK", MSIM_TCPI_OPT_SACK},
                                        {"TCPI_OPT_WSCALE", MSIM_TCPI_OPT_WSCALE},
                                        {"TCPI_OPT_ECN", MSIM_TCPI_OPT_ECN},
                                        {"TCPI_OPT_ECN_SEEN", MSIM_TCPI_OPT_ECN_SEEN},
                                        {"TCPI_OPT_SYN_DATA", MSIM_TCPI_OPT_SYN_DATA},
                                        {"TCP_INFINITE_SSTHRESH", 0x7fffffff},
                                        {"True", 1},
                                        {"False", 0},
                                        {"EWOULDBLOCK", MSIM_EWOULDBLOCK},
#define SYMBOL_ERRNO(name, value, text) {#name, value},
                                        MSIM_ERRNO_MAP(SYMBOL_ERRNO)
#undef SYMBOL_ERRNO
};

bool symbol_value(const char *name, int64_t *out)
{
  size_t i;

  for (i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    if (strcmp(symbols[i].name, name) == 0) {
      *out = symbols[i].value;
      return true;
    }
  }
  return false;
}

int symbol_errno(const char *name)
{
  int64_t value;

  return name[0] == 'E' && symbol_value(name, &value) ? (int)value : 0;
}

enum msim_socket_option symbol_option(const char *name)
{
  static const char *const names[] = {
#define SYMBOL_OPTION(option, type) #option,
      MSIM_SOCKET_OPTION_MAP(SYMBOL_OPTION)
#undef SYMBOL_OPTION
  };
  unsigned i;

  for (i = 0; i < MSIM_SOCKET_OPTIONS; i++) {
    if (strcmp(names[i], name) == 0)
      break;
  }
  return (enum msim_socket_option)i;
}
