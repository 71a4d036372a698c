using Akka.Configuration;
using Akka.Dispatch;

namespace Disco.Actors.Engines.Akka;

/// <summary>
/// Threads of a dispatcher that wait without spinning, for processes that wait for each other: Akka's own, and those of
/// .NET, look for work some hundred times before they sleep, and take the cores from the processes that have it.
/// Named in hocon/engines/akka-cluster.conf; <c>blocking-threads</c> is their number.
/// </summary>
/// <param name="config">Of the dispatcher.</param>
/// <param name="prerequisites">Akka's.</param>
public sealed class BlockingThreads(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new Pool(id, Config.GetInt("blocking-threads", 1));

    internal sealed class Pool : ExecutorService
    {
        private readonly Queue<IRunnable> _queue = [];
        private int _waiting;
        private bool _isOver;

        public Pool(string id, int threads)
            : base(id)
        {
            for (int thread = 0; thread < threads; thread++)
            {
                new Thread(Work) { IsBackground = true, Name = $"{id}-{thread}" }.Start();
            }
        }

        /// <summary>Errors: RejectedExecutionException after <see cref="Shutdown"/>.</summary>
        public override void Execute(IRunnable run)
        {
            lock (_queue)
            {
                if (_isOver)
                {
                    throw new RejectedExecutionException($"the dispatcher {Id} has ended");
                }
                _queue.Enqueue(run);
                if (_waiting > 0)
                {
                    Monitor.Pulse(_queue);
                }
            }
        }

        /// <summary>What was given before is done still.</summary>
        public override void Shutdown()
        {
            lock (_queue)
            {
                _isOver = true;
                Monitor.PulseAll(_queue);
            }
        }

        private void Work()
        {
            while (Next() is { } run)
            {
                // A mailbox keeps what its actor throws: this is a fault of Akka's, to end the process with.
                run.Run();
            }
        }

        private IRunnable? Next()
        {
            lock (_queue)
            {
                while (_queue.Count == 0)
                {
                    if (_isOver)
                    {
                        return null;
                    }
                    _waiting++;
                    Monitor.Wait(_queue);
                    _waiting--;
                }
                return _queue.Dequeue();
            }
        }
    }
}
