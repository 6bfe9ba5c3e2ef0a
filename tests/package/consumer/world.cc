/* world.cc: world.c's story told in C++: the simulation is owned by a pointer that releases it, the agent is a class.
 */
#include <mailsim/mailsim.h>

#include <cstdio>
#include <memory>
#include <new>
#include <string>

namespace
{

struct Release {
  void operator()(msim_sim *sim) const
  {
    msim_sim_free(sim);
  }
};
using Simulation = std::unique_ptr<msim_sim, Release>;

std::string heard;
msim_ns heard_at_ns;

// Lives in the agent's state, which the library gives zeroed and never destroys: nothing in it may own anything.
class Bell
{
public:
  static int start(msim_agent *agent)
  {
    Bell *bell = new (msim_agent_state(agent)) Bell;
    bell->calls = std::string(msim_agent_host(agent)) == "anna";
    if (!bell->calls)
      return msim_agent_listen(agent, 7, &ops);
    return msim_agent_resolve(
        agent, "bert", MSIM_NAME_ADDRESS,
        [](msim_agent *self, void *, const msim_answers *answers) {
          if (answers->count > 0)
            (void)msim_agent_connect(self, msim_endpoint{answers->items[0].addr, 7}, &ops, nullptr, nullptr);
        },
        nullptr);
  }

private:
  static Bell &of(msim_agent *agent)
  {
    return *static_cast<Bell *>(msim_agent_state(agent));
  }

  static void on_open(msim_agent *agent, msim_stream *stream)
  {
    if (of(agent).calls)
      (void)msim_stream_printf(stream, "Grüße\r\n");
  }

  static void on_readable(msim_agent *agent, msim_stream *stream)
  {
    msim_slice line;
    while (msim_stream_read_line(stream, 100, &line) > 0) {
      std::string text(reinterpret_cast<const char *>(line.data), line.size_bytes);
      if (of(agent).calls) {
        heard = text;
        heard_at_ns = msim_sim_now_ns(msim_agent_sim(agent));
      } else
        (void)msim_stream_printf(stream, "%s, %s\r\n", text.c_str(), msim_agent_host(agent));
      msim_stream_close(stream);
    }
  }

  static const msim_stream_ops ops;
  bool calls;
};

const msim_stream_ops Bell::ops = {Bell::on_open, Bell::on_readable, nullptr, nullptr, nullptr};

int build(msim_sim *sim)
{
  msim_agent_type type{};
  type.name = "bell";
  type.state_bytes = sizeof(Bell);
  type.start = Bell::start;
  msim_link_opts link{};
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(10);
  msim_node *anna = nullptr, *bert = nullptr;
  int err = msim_agent_register(sim, &type);
  if (err == MSIM_OK)
    err = msim_node_add(sim, "anna", &anna);
  if (err == MSIM_OK)
    err = msim_node_add(sim, "bert", &bert);
  if (err == MSIM_OK)
    err = msim_link_add(anna, bert, &link);
  if (err == MSIM_OK)
    err = msim_agent_add_yaml(anna, "bell", "", nullptr, nullptr);
  if (err == MSIM_OK)
    err = msim_agent_add(bert, "bell", nullptr);
  return err;
}

} // namespace

int main()
{
  msim_sim *made = nullptr;
  int err = msim_sim_new(&made, nullptr);
  Simulation sim(made);
  if (err == MSIM_OK)
    err = build(sim.get());
  if (err == MSIM_OK)
    err = msim_sim_run(sim.get(), MSIM_NEVER);
  if (err != MSIM_OK) {
    std::fprintf(stderr, "world.cc: %s\n", msim_strerror(err));
    return 1;
  }
  msim_counters counters;
  msim_sim_counters(sim.get(), &counters);
  if (heard != "Grüße, bert" || heard_at_ns != MSIM_MSEC(40) || counters.connection_count != 1) {
    std::fprintf(stderr, "world.cc: heard \"%s\" at %llu ns\n", heard.c_str(),
                 static_cast<unsigned long long>(heard_at_ns));
    return 1;
  }
  return 0;
}
